"""The llm node's configuration: what it needs, what it gives, what is wrong with it."""

from dataclasses import replace

import pytest

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.domain.shared.values.json_value import JsonObject
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
    StructuredOutput,
)
from dify_hex.domain.workflow.prompting.model_settings import MemoryWindow, Vision
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.workflow import MODEL


def selector(text: str) -> Selector:
    found = Selector.parse(text)
    assert found is not None
    return found


def message(text: str = "", *, jinja2: str | None = None) -> PromptMessage:
    if jinja2 is None:
        return PromptMessage(role=PromptRole.USER, text=text)
    return PromptMessage(
        role=PromptRole.USER, text=text, edition_type=PromptEdition.JINJA2, jinja2_text=jinja2
    )


def config(*prompt: PromptMessage) -> LlmConfig:
    return LlmConfig(model=MODEL, prompt=prompt or (message("Hi"),))


def structured(schema: JsonObject | None) -> LlmConfig:
    return replace(
        config(),
        structured_output_enabled=True,
        structured_output=None if schema is None else StructuredOutput(schema=schema),
    )


def references(of: LlmConfig) -> dict[str, str]:
    return {reference.field: str(reference.selector) for reference in of.references()}


def codes(of: LlmConfig) -> list[str]:
    return [fault.code for fault in of.faults()]


class TestReferences:
    def test_the_prompt_needs_what_it_shows(self) -> None:
        assert references(config(message("{{#a.x#}}"), message("{{#b.y.z#}}"))) == {
            "prompt.0.text": "a.x",
            "prompt.1.text": "b.y.z",
        }

    def test_an_apps_own_prompt_names_no_selectors(self) -> None:
        own = replace(config(message("{{#a.x#}} {{ name }}")), syntax=PromptSyntax.INPUTS)

        assert references(own) == {}

    def test_jinja2_needs_the_variables_that_are_bound_for_it(self) -> None:
        bound = PromptConfig(
            jinja2_variables=(PromptVariable(variable="x", value_selector=selector("a.x")),)
        )
        of = replace(config(message("{{#b.y#}}", jinja2="{{ x }}")), prompt_config=bound)

        assert references(of) == {"prompt_config.jinja2_variables.0.value_selector": "a.x"}
        assert references(replace(config(), prompt_config=bound)) == {}

    def test_query_context_memory_and_images_are_needed_too(self) -> None:
        of = replace(
            config(),
            query=selector("sys.query"),
            context=ContextSlot(enabled=True, variable_selector=selector("kb.result")),
            memory=MemoryWindow(query_prompt_template="{{#start.topic#}}?"),
            vision=Vision(enabled=True),
        )

        assert references(of) == {
            "query": "sys.query",
            "context.variable_selector": "kb.result",
            "memory.query_prompt_template": "start.topic",
            "vision.configs.variable_selector": "sys.files",
        }

    def test_a_context_that_is_not_enabled_is_not_needed(self) -> None:
        of = replace(config(), context=ContextSlot(variable_selector=selector("kb.result")))

        assert references(of) == {}


class TestOutputs:
    def test_text_and_thinking_come_with_their_cost(self) -> None:
        assert config().outputs() == {
            "text": ValueType.STRING,
            "reasoning_content": ValueType.STRING,
            "finish_reason": ValueType.STRING,
            "usage": ValueType.OBJECT,
        }

    def test_an_answer_by_schema_is_an_object_too(self) -> None:
        of = structured({"type": "object"})

        assert of.outputs()["structured_output"] is ValueType.OBJECT
        assert of.wanted_schema == {"type": "object"}

    def test_a_schema_that_is_not_enabled_is_not_wanted(self) -> None:
        of = replace(structured({"type": "object"}), structured_output_enabled=False)

        assert of.wanted_schema is None
        assert "structured_output" not in of.outputs()


class TestFaults:
    @pytest.mark.parametrize(
        "of",
        [
            config(),
            config(message(jinja2="{% if x %}{{ x | upper }}{%- else -%}no{% endif %}")),
            config(message(jinja2="{% for x in y %}{{ x }}{% endfor %}")),
            structured({"type": "object", "properties": {"a": {"type": "string"}}}),
            replace(config(message("{{#histories#}}")), mode=PromptMode.COMPLETION),
            replace(
                config(message("{{#context#}}")),
                context=ContextSlot(enabled=True, variable_selector=selector("kb.result")),
            ),
        ],
    )
    def test_what_can_run_has_none(self, of: LlmConfig) -> None:
        assert codes(of) == []

    @pytest.mark.parametrize(
        ("of", "code"),
        [
            (
                replace(config(message("a"), message("b")), mode=PromptMode.COMPLETION),
                "completion_prompt",
            ),
            (config(message("Use {{#context#}}.")), "context_unbound"),
            (config(message("So far: {{#histories#}}")), "history_slot"),
            (replace(config(), context=ContextSlot(enabled=True)), "context_unselected"),
            (structured(None), "structured_output_schema"),
            (structured({"type": "array"}), "structured_output_schema"),
            (
                structured({"type": "object", "description": "x" * (64 << 10)}),
                "structured_output_schema",
            ),
            (replace(config(), token_timeout_seconds=0), "timeout_invalid"),
        ],
    )
    def test_what_cannot_run_is_told(self, of: LlmConfig, code: str) -> None:
        assert codes(of) == [code]

    def test_an_apps_own_prompt_has_no_slots(self) -> None:
        own = replace(config(message("{{#context#}}")), syntax=PromptSyntax.INPUTS)

        assert codes(own) == []


def test_every_setting_is_read_from_json_and_written_back() -> None:
    adapter = adapter_for(LlmConfig)
    written = {
        "model": {"provider": "openai", "model": "gpt-4o", "parameters": {"temperature": 0.2}},
        "mode": "chat",
        "prompt": [
            {"role": "system", "text": "Use {{#context#}}"},
            {"role": "user", "text": "", "edition_type": "jinja2", "jinja2_text": "{{ x }}"},
        ],
        "prompt_config": {"jinja2_variables": [{"variable": "x", "value_selector": ["a", "x"]}]},
        "query": ["sys", "query"],
        "memory": {
            "role_prefix": {"user": "Q", "assistant": "A"},
            "window": {"enabled": True, "size": 3},
            "query_prompt_template": "{{#sys.query#}}",
        },
        "context": {"enabled": True, "variable_selector": ["kb", "result"]},
        "vision": {
            "enabled": True,
            "configs": {"detail": "low", "variable_selector": ["sys", "files"]},
        },
        "structured_output_enabled": True,
        "structured_output": {"schema": {"type": "object"}},
        "reasoning_format": "tagged",
    }

    read = adapter.validate_python(written)
    again = adapter.validate_json(adapter.dump_json(read))

    assert isinstance(read, LlmConfig)
    assert again == read
    assert read.vision.configs.detail.value == "low"
    assert read.wanted_schema == {"type": "object"}
