"""The llm node: what the model is told, and what becomes of its answer."""

from contextlib import aclosing
from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import (
    ChatFinished,
    ChatRole,
    ReasoningDelta,
    TextDelta,
)
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.prompt_window import PromptTooLong
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptMessage,
    PromptRole,
    PromptSyntax,
)
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow
from tests.builders.model_node import MODEL, ModelNode
from tests.builders.workflow import llm
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel

TURNS = tuple(ChatTurn(query=f"question {n}", answer=f"answer {n}") for n in range(3))


class Call(ModelNode[LlmConfig]):
    """One execution of the node on the built-in model."""

    def __init__(
        self,
        config: LlmConfig,
        *,
        model: ScriptedChatModel | None = None,
        memory: KeptMemory | None = None,
        inputs: JsonObject | None = None,
        window: int = 1000,
    ) -> None:
        super().__init__(
            LlmExecutor,
            replace(config, model=MODEL),
            model=model,
            memory=memory,
            values={"start": inputs or {}},
            serves=Model(name=MODEL.model, context_window=window),
        )


class TestPrompt:
    async def test_the_query_comes_last_after_the_rendered_prompt(self) -> None:
        call = Call(llm(system="You help {{ name }}."), inputs={"name": "Ada"})

        await call.execute()

        assert call.told() == [
            (ChatRole.SYSTEM, "You help Ada."),
            (ChatRole.USER, "Hello?"),
        ]

    async def test_an_empty_prompt_is_left_out(self) -> None:
        call = Call(llm(system="{{ name }}"), inputs={"name": None})

        await call.execute()

        assert call.told() == [(ChatRole.USER, "Hello?")]

    async def test_a_graphs_prompt_refers_to_nodes(self) -> None:
        call = Call(
            replace(
                llm(query=False),
                prompt=(PromptMessage(role=PromptRole.USER, text="Say {{#sys.query#}}"),),
                syntax=PromptSyntax.SELECTORS,
            )
        )

        await call.execute()

        assert call.told() == [(ChatRole.USER, "Say Hello?")]

    async def test_the_effects_key_travels_with_the_call(self) -> None:
        call = Call(llm())

        await call.execute()

        assert call.model.requests[0].idempotency_key == "key"


class TestMemory:
    async def test_past_turns_stand_between_prompt_and_query(self) -> None:
        call = Call(llm(memory=MemoryWindow(), system="Be kind."), memory=KeptMemory(*TURNS[:1]))

        await call.execute()

        assert [text for _, text in call.told()] == ["Be kind.", "question 0", "answer 0", "Hello?"]

    async def test_only_whole_turns_that_fit_are_kept_newest_first(self) -> None:
        # A turn costs 4 words and twice the overhead, 16 tokens.
        call = Call(llm(memory=MemoryWindow(max_tokens=40)), memory=KeptMemory(*TURNS), window=1000)

        await call.execute()

        assert [text for _, text in call.told()] == [
            "question 1",
            "answer 1",
            "question 2",
            "answer 2",
            "Hello?",
        ]

    async def test_a_prompt_that_fills_the_window_is_refused(self) -> None:
        call = Call(llm(memory=MemoryWindow()), memory=KeptMemory(*TURNS), window=5)

        with pytest.raises(PromptTooLong):
            await call.execute()

    async def test_without_a_conversation_there_is_nothing_to_remember(self) -> None:
        call = Call(llm(memory=MemoryWindow()), memory=KeptMemory(*TURNS))
        call.context = call.context._replace(
            facts=replace(call.context.facts, conversation_id=None)
        )

        await call.execute()

        assert [text for _, text in call.told()] == ["Hello?"]

    async def test_the_first_message_of_a_branch_remembers_nothing(self) -> None:
        call = Call(llm(memory=MemoryWindow()), memory=KeptMemory(*TURNS))
        call.context = call.context._replace(facts=replace(call.context.facts, reply_to=None))

        await call.execute()

        assert [text for _, text in call.told()] == ["Hello?"]

    async def test_turns_that_came_to_nothing_add_nothing(self) -> None:
        call = Call(llm(memory=MemoryWindow()))

        await call.execute()

        assert [text for _, text in call.told()] == ["Hello?"]


class TestAnswer:
    async def test_text_is_passed_on_as_it_comes(self) -> None:
        call = Call(llm())

        outcome = await call.execute()

        assert call.streamed == ["Hi", "."]
        assert outcome.outputs["text"] == "Hi."
        assert outcome.outputs["finish_reason"] == "stop"

    async def test_the_providers_figures_are_kept_with_the_time_to_the_first_token(self) -> None:
        call = Call(llm())
        call.clock.advance(0.5)

        usage = (await call.execute()).usage

        assert usage is not None
        assert (usage.prompt_tokens, usage.completion_tokens) == (7, 2)
        assert usage.first_token_seconds == 0.5
        assert not usage.estimated

    async def test_figures_the_provider_does_not_give_are_estimated_and_say_so(self) -> None:
        silent = ScriptedChatModel(
            TextDelta("one two"), ChatFinished(finish_reason="length", usage=None)
        )

        usage = (await Call(llm(), model=silent).execute()).usage

        assert usage is not None
        assert usage.completion_tokens == 2
        assert usage.estimated

    async def test_reasoning_is_not_part_of_the_text(self) -> None:
        thinking = ScriptedChatModel(
            ReasoningDelta("hm"), TextDelta("Hi."), ChatFinished(finish_reason="stop", usage=None)
        )

        assert (await Call(llm(), model=thinking).execute()).outputs["text"] == "Hi."

    async def test_what_a_database_cannot_hold_is_dropped_from_the_text(self) -> None:
        odd = ScriptedChatModel(
            TextDelta("a\x00b\ud800c é"), ChatFinished(finish_reason="stop", usage=None)
        )

        assert (await Call(llm(), model=odd).execute()).outputs["text"] == "ab?c é"

    async def test_leaving_early_ends_the_call(self) -> None:
        call = Call(llm())
        executor, config = call.executor, call.config

        async with aclosing(executor.execute(config, call.context)) as outputs:
            await anext(outputs)

        assert call.model.closed == 1
