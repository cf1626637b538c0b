"""Executes the llm node: prompt, memory, one streamed model call."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ChatMessage,
    ChatRequest,
    ChatRole,
)
from dify_hex.application.model_provider.ports import TextDelta as ModelText
from dify_hex.application.model_provider.resolve_model import ResolvedModel
from dify_hex.application.shared.patience import patiently
from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutor,
    NodeOutput,
    TextDelta,
)
from dify_hex.application.workflow.nodes.services import NodeServices
from dify_hex.application.workflow.prompt_window import (
    MESSAGE_OVERHEAD,
    WindowBudget,
    newest_that_fit,
)
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.llm import LlmConfig, PromptSyntax
from dify_hex.domain.workflow.variables.pool import as_text
from dify_hex.domain.workflow.variables.template import Template

START = NodeId("start")


class LlmExecutor(NodeExecutor[LlmConfig]):
    """Calls the configured model once.

    - The prompt is rendered with the run's variables; the query, if any, is the last user message.
    - Past turns are added newest first as long as the model's window has room for whole ones.
    - Usage is what the provider reports, else it is counted here and marked as estimated.
    """

    def __init__(self, services: NodeServices) -> None:
        self._resolve_model = services.resolve_model
        self._chat_model = services.chat_model
        self._token_counter = services.token_counter
        self._memory = services.memory
        self._templates = services.templates

    async def execute(
        self, config: LlmConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield the text as it comes, then the outcome."""
        model = await patiently(
            lambda: self._resolve_model.execute(context.tenant_id, config.model)
        )
        messages = await self._messages(config, context, model)
        request = ChatRequest(
            endpoint=model.endpoint,
            messages=messages,
            parameters=config.model.parameters,
            idempotency_key=context.effect_key,
            first_token_timeout=config.first_token_timeout_seconds,
            token_timeout=config.token_timeout_seconds,
        )
        said = _Said(context)
        async with aclosing(self._chat_model.stream(request)) as events:
            async for event in events:
                if text := said.take(event):
                    yield TextDelta(text)
        usage = said.usage or await self._estimate(model, messages, said.text)
        yield said.outcome(usage)

    async def _messages(
        self, config: LlmConfig, context: NodeContext, model: ResolvedModel
    ) -> tuple[ChatMessage, ...]:
        prompt = tuple(
            ChatMessage(role=ChatRole(message.role.value), content=text)
            for message in config.prompt
            if (text := self._render(config, context, message.text))
        )
        query: tuple[ChatMessage, ...] = ()
        if config.query is not None:
            text = as_text(context.variables.get(config.query))
            query = (ChatMessage(role=ChatRole.USER, content=text),)
        remembered = await self._remembered(config, context, model, prompt + query)
        return prompt + remembered + query

    def _render(self, config: LlmConfig, context: NodeContext, text: str) -> str:
        if config.syntax is PromptSyntax.SELECTORS:
            return context.variables.render(Template.parse(text))
        return self._templates.render(text, context.variables.of(START))

    async def _remembered(
        self,
        config: LlmConfig,
        context: NodeContext,
        model: ResolvedModel,
        fixed: Sequence[ChatMessage],
    ) -> tuple[ChatMessage, ...]:
        facts = context.facts
        if config.memory is None or facts.reply_to is None:
            return ()
        if facts.conversation_id is None or facts.message_id is None:
            return ()
        before = (context.tenant_id, facts.conversation_id, facts.message_id)
        limit = config.memory.max_turns
        turns = await patiently(lambda: self._memory.turns_before(*before, limit=limit))
        if not turns:
            return ()
        room = WindowBudget(
            context_window=model.context_window,
            max_answer=config.model.parameters.max_tokens,
            max_memory=config.memory.max_tokens,
        ).room_for_memory(await self._cost(model, [message.content for message in fixed]))
        kept = newest_that_fit(turns, await self._turn_costs(model, turns), room)
        return tuple(message for turn in kept for message in _as_messages(turn))

    async def _cost(self, model: ResolvedModel, texts: Sequence[str]) -> int:
        counted = await self._token_counter.count(model.endpoint.model, texts)
        return sum(counted) + MESSAGE_OVERHEAD * len(texts)

    async def _turn_costs(self, model: ResolvedModel, turns: Sequence[ChatTurn]) -> list[int]:
        counted = await self._token_counter.count(
            model.endpoint.model, [f"{turn.query}\n{turn.answer}" for turn in turns]
        )
        return [tokens + 2 * MESSAGE_OVERHEAD for tokens in counted]

    async def _estimate(
        self, model: ResolvedModel, messages: Sequence[ChatMessage], text: str
    ) -> Usage:
        prompt_tokens = await self._cost(model, [message.content for message in messages])
        (completion_tokens,) = await self._token_counter.count(model.endpoint.model, [text])
        return Usage(
            prompt_tokens=prompt_tokens, completion_tokens=completion_tokens, estimated=True
        )


class _Said:
    """What the model has said so far."""

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._pieces: list[str] = []
        self._first_token: float | None = None
        self._finish_reason = "stop"
        #: What the provider says it took; None when it says nothing.
        self.usage: Usage | None = None

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self._pieces)

    def take(self, event: ChatEvent) -> str:
        """Take an event in; returns what of it the end user is shown."""
        match event:
            case ModelText():
                if self._first_token is None:
                    since = self._context.clock.now() - self._context.facts.at
                    self._first_token = since.total_seconds()
                text = _storable(event.text)
                self._pieces.append(text)
                return text
            case ChatFinished():
                self._finish_reason = event.finish_reason
                self.usage = event.usage
                return ""
            case _:
                # Reasoning and tool calls get their place with the nodes that use them.
                return ""

    def outcome(self, usage: Usage) -> NodeOutcome:
        """What the node puts out."""
        return NodeOutcome(
            outputs={
                "text": self.text,
                "finish_reason": self._finish_reason,
                "usage": {
                    "prompt_tokens": usage.prompt_tokens,
                    "completion_tokens": usage.completion_tokens,
                    "total_tokens": usage.total_tokens,
                },
            },
            usage=replace(usage, first_token_seconds=self._first_token),
        )


def _as_messages(turn: ChatTurn) -> tuple[ChatMessage, ChatMessage]:
    return (
        ChatMessage(role=ChatRole.USER, content=turn.query),
        ChatMessage(role=ChatRole.ASSISTANT, content=turn.answer),
    )


def _storable(text: str) -> str:
    """The text without what neither JSON columns nor UTF-8 can hold."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
