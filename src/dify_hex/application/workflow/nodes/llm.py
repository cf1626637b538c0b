"""Executes the llm node: prompt, memory, one streamed model call."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutor,
    NodeOutput,
    ShownPassages,
    TextDelta,
)
from dify_hex.application.workflow.node_services import NodeServices
from dify_hex.application.workflow.prompting.llm_prompt import LlmPrompt
from dify_hex.application.workflow.prompting.model_answer import ModelAnswer, usage_shown
from dify_hex.application.workflow.prompting.model_calls import ModelCalls
from dify_hex.application.workflow.prompting.structured_answers import StructuredAnswers
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.prompting.reasoning import (
    ReasoningFormat,
    SeparatedReasoning,
    TaggedReasoning,
)


class LlmExecutor(NodeExecutor[LlmConfig]):
    """Calls the configured model, and shows its text while it comes.

    - The prompt is rendered with the run's variables; the query, if any, is the last user message.
    - Past turns and passages of Knowledge are shown as far as the model's window has room for
      whole ones; which passages are, is told before the model is called.
    - The text is what the readers were shown: thinking is split off before, piece by piece.
    - A structured answer is shown only when it is known to fit; its thinking is always split off.
    - Usage is what the provider reports, else it is counted here and marked as estimated.
    """

    def __init__(self, services: NodeServices) -> None:
        self._calls = ModelCalls(services)
        self._prompt = LlmPrompt(services)
        self._structured = StructuredAnswers(services, self._calls)

    async def execute(
        self, config: LlmConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield what passages are shown, the text as it comes, then the outcome."""
        model = await self._calls.resolve(config, context)
        prompt = await self._prompt.write(config, context, model)
        if prompt.citations:
            yield ShownPassages(prompt.citations)
        request = await self._calls.request(config, context, model, prompt.messages)
        schema = config.wanted_schema
        if schema is not None:
            fitting = await self._structured.ask(context, model, request, schema)
            yield TextDelta(fitting.answer.text)
            yield _outcome(fitting.answer, fitting.usage, structured_output=fitting.value)
            return
        tagged = config.reasoning_format is ReasoningFormat.TAGGED
        answer = ModelAnswer(context, TaggedReasoning() if tagged else SeparatedReasoning())
        async with aclosing(self._calls.stream(request, answer)) as pieces:
            async for piece in pieces:
                yield TextDelta(piece)
        yield _outcome(answer, await self._calls.usage(request, answer))


def _outcome(answer: ModelAnswer, usage: Usage, **more: JsonValue) -> NodeOutcome:
    return NodeOutcome(
        outputs={
            "text": answer.text,
            "reasoning_content": answer.reasoning,
            "finish_reason": answer.finish_reason,
            "usage": usage_shown(usage),
            **more,
        },
        usage=usage,
    )
