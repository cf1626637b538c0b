"""What the llm node tells its model, slot by slot."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import ChatRole
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.citing import passage_object
from dify_hex.domain.workflow.errors import ContextUnusable, VariableMissing
from dify_hex.domain.workflow.nodes.llm import (
    ContextSlot,
    LlmConfig,
    PromptConfig,
    PromptEdition,
    PromptMessage,
    PromptMode,
    PromptRole,
    PromptSyntax,
    PromptVariable,
)
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow, RolePrefix, TurnWindow
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from tests.builders.citations import citation
from tests.builders.model_node import MODEL, ModelNode
from tests.fakes.scripted_models import KeptMemory
from tests.fakes.scripted_sandbox import ScriptedSandbox

QUERY = Selector(SYSTEM, "query")
TURNS = (ChatTurn(query="Who?", answer="Me."), ChatTurn(query="Why?", answer="Because."))


def config(*texts: str, role: PromptRole = PromptRole.USER) -> LlmConfig:
    return LlmConfig(
        model=MODEL, prompt=tuple(PromptMessage(role=role, text=text) for text in texts)
    )


def bound_to(name: str) -> ContextSlot:
    return ContextSlot(enabled=True, variable_selector=Selector(NodeId("kb"), name))


async def told(
    of: LlmConfig, *, memory: KeptMemory | None = None, kb: JsonObject | None = None
) -> list[tuple[ChatRole, str]]:
    node = ModelNode(LlmExecutor, of, memory=memory, values={"kb": kb or {}})
    await node.execute()
    return node.told()


class TestContext:
    async def test_found_passages_stand_in_the_slot(self) -> None:
        of = replace(config("Use:\n{{#context#}}\nNow {{#sys.query#}}"), context=bound_to("result"))

        assert await told(of, kb={"result": [{"content": "One."}, {"content": "Two."}]}) == [
            (ChatRole.USER, "Use:\nOne.\nTwo.\nNow Hello?")
        ]

    async def test_what_was_found_is_no_template(self) -> None:
        of = replace(config("{{#context#}}|{{#kb.text#}}"), context=bound_to("text"))

        assert await told(of, kb={"text": "{{#sys.query#}} {{#context#}}"}) == [
            (ChatRole.USER, "{{#sys.query#}} {{#context#}}|{{#sys.query#}} {{#context#}}")
        ]

    async def test_what_is_no_context_fails_the_node(self) -> None:
        of = replace(config("{{#context#}}"), context=bound_to("number"))

        with pytest.raises(ContextUnusable):
            await told(of, kb={"number": 3})

    async def test_a_context_without_a_value_fails_the_node(self) -> None:
        of = replace(config("{{#context#}}"), context=bound_to("missing"))

        with pytest.raises(VariableMissing):
            await told(of)


class TestPassages:
    """What a model is shown of Knowledge, and what is told of that."""

    BUILT_IN = replace(
        config("Be kind.", role=PromptRole.SYSTEM),
        syntax=PromptSyntax.INPUTS,
        context=bound_to("result"),
        query=QUERY,
    )

    @staticmethod
    def found(*contents: str) -> JsonObject:
        cited = [citation(number, content=text) for number, text in enumerate(contents, start=1)]
        return {"result": [passage_object(each, {}) for each in cited]}

    @staticmethod
    async def shown_by(node: ModelNode[LlmConfig]) -> list[tuple[int, int]]:
        await node.execute()
        return [(each.segment_id.int, each.position) for each in node.shown]

    async def test_what_stands_in_a_slot_is_cited_before_the_model_is_called(self) -> None:
        of = replace(config("{{#context#}}"), context=bound_to("result"))
        node = ModelNode(LlmExecutor, of, values={"kb": self.found("One.", "Two.")})

        assert await self.shown_by(node) == [(1, 1), (2, 2)]
        assert node.told() == [(ChatRole.USER, "One.\nTwo.")]

    async def test_what_the_prompt_does_not_show_is_not_cited(self) -> None:
        of = replace(config("Hello."), context=bound_to("result"))
        node = ModelNode(LlmExecutor, of, values={"kb": self.found("One.")})

        assert await self.shown_by(node) == []

    async def test_an_apps_own_prompt_is_followed_by_a_block_of_passages(self) -> None:
        node = ModelNode(LlmExecutor, self.BUILT_IN, values={"kb": self.found("One.", "Two.")})

        assert await self.shown_by(node) == [(1, 1), (2, 2)]
        (role, system), query = node.told()
        assert role is ChatRole.SYSTEM
        assert system.startswith("Be kind.\n\nPassages from documents")
        assert "<passages>\n[1] manual.pdf\nOne.\n\n[2] manual.pdf\nTwo.\n" in system
        assert query == (ChatRole.USER, "Hello?")

    async def test_a_completions_prompt_comes_after_the_passages(self) -> None:
        of = replace(self.BUILT_IN, query=None, prompt=config("Sum it up.").prompt)
        node = ModelNode(LlmExecutor, of, values={"kb": self.found("One.")})
        await node.execute()

        ((role, text),) = node.told()
        assert role is ChatRole.USER
        assert text.endswith("[1] manual.pdf\nOne.\n</passages>\n\nSum it up.")

    async def test_without_a_prompt_the_block_is_the_systems(self) -> None:
        of = replace(self.BUILT_IN, prompt=())
        node = ModelNode(LlmExecutor, of, values={"kb": self.found("One.")})
        await node.execute()

        assert [role for role, _ in node.told()] == [ChatRole.SYSTEM, ChatRole.USER]

    async def test_where_nothing_was_found_nothing_is_added(self) -> None:
        node = ModelNode(LlmExecutor, self.BUILT_IN, values={"kb": self.found()})

        assert await self.shown_by(node) == []
        assert node.told() == [(ChatRole.SYSTEM, "Be kind."), (ChatRole.USER, "Hello?")]

    async def test_passages_without_room_are_neither_shown_nor_cited(self) -> None:
        long = ["word " * 100] * 9
        node = ModelNode(
            LlmExecutor,
            replace(self.BUILT_IN, memory=MemoryWindow()),
            values={"kb": self.found(*long)},
            memory=KeptMemory(*TURNS),
        )

        assert await self.shown_by(node) == [(number, number) for number in range(1, 7)]
        told = [text for _, text in node.told()]
        assert "[6] manual.pdf" in told[0]
        assert "[7] manual.pdf" not in told[0]
        assert told[1:] == ["Why?", "Because.", "Hello?"]

    async def test_any_other_list_is_part_of_the_prompt(self) -> None:
        of = replace(config("{{#context#}}"), context=bound_to("result"))
        mixed = (passage_object(citation(1, content="One."), {}), "said " * 700)
        node = ModelNode(LlmExecutor, of, values={"kb": {"result": mixed}})

        assert await self.shown_by(node) == [(1, 1)]
        assert node.told()[0][1].startswith("One.\nsaid said")


class TestJinja2:
    async def test_its_variables_are_bound_by_name(self) -> None:
        message = PromptMessage(
            role=PromptRole.SYSTEM,
            text="unused {{#nobody.knows#}}",
            edition_type=PromptEdition.JINJA2,
            jinja2_text="{% if x %}Dear {{ x | title }}{% endif %}",
        )
        variable = PromptVariable(variable="x", value_selector=Selector(NodeId("kb"), "name"))
        of = replace(
            config(), prompt=(message,), prompt_config=PromptConfig(jinja2_variables=(variable,))
        )

        assert await told(of, kb={"name": "ada"}) == [(ChatRole.SYSTEM, "Dear Ada")]

    async def test_what_is_not_plain_is_rendered_in_the_sandbox(self) -> None:
        loop = "{% for n in range(2) %}{{ n }}{% endfor %}"
        message = PromptMessage(
            role=PromptRole.USER, text="", edition_type=PromptEdition.JINJA2, jinja2_text=loop
        )
        sandbox = ScriptedSandbox([{"output": "01"}])
        node = ModelNode(LlmExecutor, replace(config(), prompt=(message,)), sandbox=sandbox)

        await node.execute()

        assert node.told() == [(ChatRole.USER, "01")]
        assert [asked.code for asked in sandbox.asked] == [loop]


class TestMemory:
    async def test_the_last_word_can_be_a_template(self) -> None:
        memory = MemoryWindow(query_prompt_template="{{#sys.user_id#}} asks: {{#sys.query#}}")
        of = replace(config("Be kind.", role=PromptRole.SYSTEM), memory=memory, query=QUERY)

        assert await told(of, memory=KeptMemory(*TURNS[:1])) == [
            (ChatRole.SYSTEM, "Be kind."),
            (ChatRole.USER, "Who?"),
            (ChatRole.ASSISTANT, "Me."),
            (ChatRole.USER, "ada asks: Hello?"),
        ]

    async def test_a_window_keeps_the_newest_turns(self) -> None:
        memory = MemoryWindow(window=TurnWindow(enabled=True, size=1))

        said = await told(replace(config(), memory=memory, query=QUERY), memory=KeptMemory(*TURNS))

        assert [text for _, text in said] == ["Why?", "Because.", "Hello?"]

    async def test_without_a_query_the_conversation_comes_last(self) -> None:
        of = replace(config("Sum it up."), memory=MemoryWindow())

        assert [text for _, text in await told(of, memory=KeptMemory(*TURNS[:1]))] == [
            "Sum it up.",
            "Who?",
            "Me.",
        ]


class TestCompletion:
    """One text, in which the conversation is written down."""

    @pytest.mark.parametrize(
        ("prompt", "text"),
        [
            (
                "Go on.\n{{#histories#}}\nNow:",
                "Go on.\nQ: Who?\nA: Me.\nQ: Why?\nA: Because.\nNow:\nHello?",
            ),
            ("Go on.", "Q: Who?\nA: Me.\nQ: Why?\nA: Because.\nGo on.\nHello?"),
        ],
    )
    async def test_past_turns_have_their_slot_or_come_first(self, prompt: str, text: str) -> None:
        memory = MemoryWindow(role_prefix=RolePrefix(user="Q", assistant="A"))
        of = replace(config(prompt), mode=PromptMode.COMPLETION, memory=memory, query=QUERY)

        assert await told(of, memory=KeptMemory(*TURNS)) == [(ChatRole.USER, text)]

    async def test_without_memory_its_slot_is_empty(self) -> None:
        of = replace(config("Go on: {{#histories#}}."), mode=PromptMode.COMPLETION)

        assert await told(of) == [(ChatRole.USER, "Go on: .")]
