"""Templates and schemas that could only fail are found before a graph is run."""

import pytest

from dify_hex.adapters.dsl.language_faults import LanguageFaults
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.nodes.llm import (
    LlmConfig,
    PromptConfig,
    PromptEdition,
    PromptMessage,
    PromptRole,
    PromptVariable,
    StructuredOutput,
)
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.nodes.template_transform import (
    TemplateTransformConfig,
    TemplateVariable,
)
from dify_hex.domain.workflow.start_variables import StartInputType, StartVariable
from tests.builders.graphs import ANSWER, graph, step
from tests.builders.variables import at
from tests.builders.workflow import MODEL

NO_SCHEMA: JsonObject = {"type": "objekt"}


def faults(config: NodeConfig, *, schemas: bool = True) -> list[tuple[str, str | None, str]]:
    languages = LanguageFaults(JinjaTemplates(), JsonSchemaValidator() if schemas else None)
    found = languages.faults(graph(step("n", config), ANSWER))
    return [(fault.code, fault.field, fault.message) for fault in found]


def template(text: str) -> TemplateTransformConfig:
    name = TemplateVariable(variable="name", value_selector=at("start.name"))
    return TemplateTransformConfig(template=text, variables=(name,))


def asking_for(schema: JsonObject | None) -> StartConfig:
    record = StartVariable(variable="record", type=StartInputType.JSON_OBJECT, json_schema=schema)
    return StartConfig(variables=(record,))


def asking_in_jinja2(text: str) -> LlmConfig:
    name = PromptVariable(variable="name", value_selector=at("start.name"))
    message = PromptMessage(
        role=PromptRole.USER, text="", edition_type=PromptEdition.JINJA2, jinja2_text=text
    )
    plain = PromptMessage(role=PromptRole.SYSTEM, text="{% for {{ surname }}")
    bound = PromptConfig(jinja2_variables=(name,))
    return LlmConfig(model=MODEL, prompt=(plain, message), prompt_config=bound)


def answering_with(schema: JsonObject) -> LlmConfig:
    return LlmConfig(
        model=MODEL,
        prompt=(),
        structured_output_enabled=True,
        structured_output=StructuredOutput(schema=schema),
    )


@pytest.mark.parametrize(
    "text",
    [
        "Dear {{ name | upper }}!",
        "{% for n in name %}{{ loop.index }} {{ n | urlencode }}{% endfor %}",
        "{% macro dear(who) %}Dear {{ who }}{% endmacro %}{{ dear(name) }}{{ range(3) | sum }}",
        "{% for n in name %}{% if n %}{% continue %}{% endif %}{% do [].append(n) %}{% endfor %}",
    ],
)
def test_a_template_that_can_be_rendered_has_none(text: str) -> None:
    assert faults(template(text)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "{% for n in %}{{ n }}{% endfor %}",
            "in line 1: Expected an expression, got 'end of statement block'.",
        ),
        ("Dear\n{{ name | nothing }}", "in line 2: No filter named 'nothing'."),
        ("{% include 'other' %}", "in line 1: there are no other templates."),
        ("{{ " + "(" * 5_000 + "name" + ")" * 5_000 + " }}", ": nested too deeply."),
        ("{{ name", "in line 1: unexpected end of template, expected 'end of print statement'."),
        ("a" * 100_001, ": longer than 100000 characters."),
    ],
)
def test_one_that_cannot_is_shown_where_and_why(text: str, reason: str) -> None:
    ((code, field, message),) = faults(template(text))

    assert (code, field) == ("template_invalid", "template")
    assert message.endswith(reason)


def test_a_name_that_no_variable_has_is_named() -> None:
    assert faults(template("{{ name }} {{ surname }}")) == [
        (
            "template_variable_undeclared",
            "template",
            "The template uses surname; add a variable of that name.",
        )
    ]
    loop = "{% for n in names %}{{ n }}{{ name }}{% endfor %}"
    assert [code for code, _, _ in faults(template(loop))] == ["template_variable_undeclared"]


def test_prompts_in_jinja2_are_looked_at_as_well() -> None:
    assert faults(asking_in_jinja2("{% for n in name %}{{ n }}{% endfor %}{{ name }}")) == []
    ((code, field, message),) = faults(asking_in_jinja2("{{ surname }}"))
    assert (code, field) == ("template_variable_undeclared", "prompt.1.jinja2_text")
    assert "surname" in message
    ((code, field, _),) = faults(asking_in_jinja2("{% for"))
    assert (code, field) == ("template_invalid", "prompt.1.jinja2_text")


@pytest.mark.parametrize(
    ("config", "field"),
    [
        (asking_for(NO_SCHEMA), "variables.0.json_schema"),
        (answering_with(NO_SCHEMA), "structured_output.schema"),
    ],
)
def test_a_schema_that_is_none_is_a_fault(config: NodeConfig, field: str) -> None:
    ((code, found, _),) = faults(config)

    assert (code, found) == ("schema_invalid", field)
    assert faults(config, schemas=False) == []


@pytest.mark.parametrize(
    "config", [asking_for({"type": "object"}), asking_for(None), answering_with({"type": "object"})]
)
def test_a_schema_that_is_one_is_none(config: NodeConfig) -> None:
    assert faults(config) == []
