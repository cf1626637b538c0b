"""What the llm node tells its model, slot by slot."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import ChatRole
from dify_hex.application.workflow.nodes.llm import LlmExecutor
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import ContextUnusable, VariableMissing
from dify_hex.domain.workflow.nodes.llm import (
    ContextSlot,
    LlmConfig,
    PromptConfig,
    PromptEdition,
    PromptMessage,
    PromptMode,
    PromptRole,
    PromptVariable,
)
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow, RolePrefix, TurnWindow
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
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
