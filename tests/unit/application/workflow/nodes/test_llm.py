"""The llm node: what the model is told, and what becomes of its answer."""

from contextlib import aclosing
from dataclasses import replace
from typing import cast

import pytest

from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.application.model_provider.built_in import BuiltInModels
from dify_hex.application.model_provider.ports import (
    ChatFinished,
    ChatRole,
    ModelProviderReader,
    ReasoningDelta,
    SecretBox,
    TextDelta,
)
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.node_executor import NodeContext
from dify_hex.application.workflow.node_executor import TextDelta as Shown
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.application.workflow.nodes.services import NodeServices
from dify_hex.application.workflow.prompt_window import PromptTooLong
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.shared.ids import NodeId, TenantId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    MemoryWindow,
    PromptMessage,
    PromptRole,
    PromptSyntax,
)
from dify_hex.domain.workflow.variables.system import system_values
from tests.builders.engine import StillClock
from tests.builders.workflow import facts, llm, new_run
from tests.fakes.scripted_models import KeptMemory, ScriptedChatModel, WordCounter

TURNS = tuple(ChatTurn(query=f"question {n}", answer=f"answer {n}") for n in range(3))


class Call:
    """One execution of the node, and everything that can be seen of it."""

    def __init__(
        self,
        config: LlmConfig,
        *,
        model: ScriptedChatModel | None = None,
        memory: KeptMemory | None = None,
        inputs: JsonObject | None = None,
        window: int = 1000,
    ) -> None:
        self.model = model or ScriptedChatModel()
        self.clock = StillClock()
        self._config = replace(config, model=ModelConfig(provider="local", model="tiny"))
        self._executor = LlmExecutor(
            NodeServices(
                resolve_model=ResolveModel(
                    providers=cast(ModelProviderReader, None),  # the built-in provider asks nobody
                    secrets=cast(SecretBox, None),
                    built_in=BuiltInModels(
                        base_url="http://models",
                        api_key=None,
                        default_model="tiny",
                        models=(Model(name="tiny", context_window=window),),
                        demonstration=True,
                        open=False,
                    ),
                ),
                chat_model=self.model,
                token_counter=WordCounter(),
                memory=memory or KeptMemory(),
                templates=JinjaTemplates(),
            )
        )
        run = new_run()
        began = facts(run_id=run.run_id)
        run.variables.put(*system_values(began))
        run.variables.put(NodeId("start"), inputs or {})
        self.context = NodeContext(
            tenant_id=TenantId(new_id()),
            node_id=NodeId("llm"),
            attempt=1,
            effect_key="key",
            facts=began,
            variables=run.variables,
            clock=self.clock,
        )

    async def execute(self) -> NodeOutcome:
        """The outcome; what was streamed before is in `streamed`."""
        self.streamed: list[str] = []
        outcome: NodeOutcome | None = None
        async with aclosing(self._executor.execute(self._config, self.context)) as outputs:
            async for output in outputs:
                if isinstance(output, Shown):
                    self.streamed.append(output.text)
                    self.clock.advance(1)
                else:
                    outcome = output
        assert outcome is not None
        return outcome

    @property
    def told(self) -> list[tuple[ChatRole, str]]:
        """What the model was told."""
        (request,) = self.model.requests
        return [(message.role, message.content) for message in request.messages]


class TestPrompt:
    async def test_the_query_comes_last_after_the_rendered_prompt(self) -> None:
        call = Call(llm(system="You help {{ name }}."), inputs={"name": "Ada"})

        await call.execute()

        assert call.told == [
            (ChatRole.SYSTEM, "You help Ada."),
            (ChatRole.USER, "Hello?"),
        ]

    async def test_an_empty_prompt_is_left_out(self) -> None:
        call = Call(llm(system="{{ name }}"), inputs={"name": None})

        await call.execute()

        assert call.told == [(ChatRole.USER, "Hello?")]

    async def test_a_graphs_prompt_refers_to_nodes(self) -> None:
        call = Call(
            replace(
                llm(query=False),
                prompt=(PromptMessage(role=PromptRole.USER, text="Say {{#sys.query#}}"),),
                syntax=PromptSyntax.SELECTORS,
            )
        )

        await call.execute()

        assert call.told == [(ChatRole.USER, "Say Hello?")]

    async def test_the_effects_key_travels_with_the_call(self) -> None:
        call = Call(llm())

        await call.execute()

        assert call.model.requests[0].idempotency_key == "key"


class TestMemory:
    async def test_past_turns_stand_between_prompt_and_query(self) -> None:
        call = Call(llm(memory=MemoryWindow(), system="Be kind."), memory=KeptMemory(*TURNS[:1]))

        await call.execute()

        assert [text for _, text in call.told] == ["Be kind.", "question 0", "answer 0", "Hello?"]

    async def test_only_whole_turns_that_fit_are_kept_newest_first(self) -> None:
        # A turn costs 4 words and twice the overhead, 16 tokens.
        call = Call(llm(memory=MemoryWindow(max_tokens=40)), memory=KeptMemory(*TURNS), window=1000)

        await call.execute()

        assert [text for _, text in call.told] == [
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
        call.context = replace(
            call.context, facts=replace(call.context.facts, conversation_id=None)
        )

        await call.execute()

        assert [text for _, text in call.told] == ["Hello?"]

    async def test_the_first_message_of_a_branch_remembers_nothing(self) -> None:
        call = Call(llm(memory=MemoryWindow()), memory=KeptMemory(*TURNS))
        call.context = replace(call.context, facts=replace(call.context.facts, reply_to=None))

        await call.execute()

        assert [text for _, text in call.told] == ["Hello?"]

    async def test_turns_that_came_to_nothing_add_nothing(self) -> None:
        call = Call(llm(memory=MemoryWindow()))

        await call.execute()

        assert [text for _, text in call.told] == ["Hello?"]


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
        executor, config = call._executor, call._config

        async with aclosing(executor.execute(config, call.context)) as outputs:
            await anext(outputs)

        assert call.model.closed == 1
