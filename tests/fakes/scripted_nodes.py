"""Node executors that do what a test tells them, step by step."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutors,
    NodeOutput,
    TextDelta,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig

Script = Callable[[NodeContext], AsyncGenerator[NodeOutput, None]]


async def says_hello(context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
    """A model that answers at once."""
    del context
    yield TextDelta("Hel")
    yield TextDelta("lo.")
    yield NodeOutcome(outputs={"text": "Hello."})


class ScriptedNodes(NodeExecutors):
    """Start and answer nodes work for real; the model follows a script."""

    def __init__(self, script: Script = says_hello, start_error: DomainError | None = None) -> None:
        self.script = script
        self._start_error = start_error
        #: Effect keys of the model calls, in order.
        self.calls: list[str] = []
        self.open_calls = 0

    def compute(self, config: NodeConfig, context: NodeContext) -> NodeOutcome:
        """The outcome of a pure node."""
        if isinstance(config, AnswerConfig):
            return NodeOutcome(outputs={"answer": context.variables.render(config.template)})
        if self._start_error is not None:
            raise self._start_error
        return NodeOutcome(outputs=dict(context.inputs))

    async def execute(
        self, config: NodeConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """The outputs of a model call."""
        assert isinstance(config, LlmConfig)
        self.calls.append(context.effect_key)
        self.open_calls += 1
        try:
            async for output in self.script(context):
                yield output
        finally:
            self.open_calls -= 1


class Dialogue:
    """A model whose every word the test says itself."""

    def __init__(self) -> None:
        self._words: asyncio.Queue[NodeOutput | Exception] = asyncio.Queue()

    def say(self, text: str) -> None:
        """Stream a piece of text."""
        self._words.put_nowait(TextDelta(text))

    def finish(self, text: str) -> None:
        """End the call with its whole text."""
        self._words.put_nowait(NodeOutcome(outputs={"text": text}))

    def fail(self, error: Exception) -> None:
        """Break the call off."""
        self._words.put_nowait(error)

    async def script(self, context: NodeContext) -> AsyncGenerator[NodeOutput, None]:
        """The model's side."""
        del context
        while True:
            word = await self._words.get()
            if isinstance(word, Exception):
                raise word
            yield word
            if isinstance(word, NodeOutcome):
                return
