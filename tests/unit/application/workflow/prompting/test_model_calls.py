"""What a request to a model says besides the prompt."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatFinished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.values.model_config import ModelParameters
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptMessage,
    PromptRole,
)
from dify_hex.domain.workflow.prompting.reasoning import ReasoningFormat
from tests.builders.model_node import MODEL, ModelNode
from tests.fakes.scripted_models import ScriptedChatModel, saying


def config(text: str = "Hi", *, max_tokens: int | None = None) -> LlmConfig:
    return LlmConfig(
        model=replace(MODEL, parameters=ModelParameters(max_tokens=max_tokens)),
        prompt=(PromptMessage(role=PromptRole.USER, text=text),),
    )


class TestLongestAnswer:
    @pytest.mark.parametrize(
        ("wanted", "max_output", "asked"),
        [
            (None, None, None),
            (50, None, 50),
            (None, 100, 100),
            (50, 100, 50),
            (500, 100, 100),
        ],
    )
    async def test_a_model_is_asked_for_no_more_than_it_gives(
        self, wanted: int | None, max_output: int | None, asked: int | None
    ) -> None:
        serves = Model(name=MODEL.model, context_window=1000, max_output=max_output)
        node = ModelNode(LlmExecutor, config(max_tokens=wanted), serves=serves)

        await node.execute()

        assert node.model.requests[0].parameters.max_tokens == asked

    @pytest.mark.parametrize(("words", "asked"), [(20, 74), (200, None)])
    async def test_nor_for_more_than_its_window_has_room_for(
        self, words: int, asked: int | None
    ) -> None:
        # A prompt of 20 words costs 26 of the window's 100; what fills it is the provider's to
        # refuse.
        serves = Model(name=MODEL.model, context_window=100, max_output=90)
        node = ModelNode(LlmExecutor, config("word " * words), serves=serves)

        await node.execute()

        assert node.model.requests[0].parameters.max_tokens == asked


async def test_patience_and_trace_go_with_the_request() -> None:
    of = replace(config(), first_token_timeout_seconds=7, token_timeout_seconds=3)
    node = ModelNode(LlmExecutor, of)

    await node.execute()

    (request,) = node.model.requests
    assert (request.first_token_timeout, request.token_timeout) == (7, 3)
    assert request.traceparent is not None
    assert request.traceparent.startswith(f"00-{node.context.facts.run_id.hex}-")


class TestReasoning:
    EVENTS: tuple[ChatEvent, ...] = (
        ReasoningDelta("first "),
        *map(TextDelta, ("<thi", "nk>then</th", "ink>\n\nHello", " there")),
        ChatFinished(finish_reason="stop", usage=None),
    )

    async def test_it_is_put_out_apart_and_never_shown(self) -> None:
        node = ModelNode(LlmExecutor, config(), model=ScriptedChatModel(*self.EVENTS))

        outcome = await node.execute()

        assert node.streamed == ["Hello", " there"]
        assert outcome.outputs["text"] == "Hello there"
        assert outcome.outputs["reasoning_content"] == "first \nthen"

    async def test_where_it_is_wanted_in_the_text_it_has_tags(self) -> None:
        of = replace(config(), reasoning_format=ReasoningFormat.TAGGED)
        node = ModelNode(LlmExecutor, of, model=ScriptedChatModel(*self.EVENTS))

        outcome = await node.execute()

        assert "".join(node.streamed) == outcome.outputs["text"]
        assert outcome.outputs["text"] == (
            "<think>\nfirst \n</think>\n\n<think>then</think>\n\nHello there"
        )
        assert outcome.outputs["reasoning_content"] == ""

    async def test_it_counts_as_said_where_nobody_else_counts(self) -> None:
        thinking = ScriptedChatModel(*saying("<think>one two</think>three"))
        node = ModelNode(LlmExecutor, config(), model=thinking)

        usage = (await node.execute()).usage

        assert usage is not None
        assert usage.completion_tokens == 3


async def test_a_tool_that_nobody_offered_is_not_part_of_the_text() -> None:
    calling = ScriptedChatModel(
        ToolCallDelta(index=0, id="1", name="f", arguments="{}"), *saying("Hello.")
    )
    node = ModelNode(LlmExecutor, config(), model=calling)

    assert (await node.execute()).outputs["text"] == "Hello."
