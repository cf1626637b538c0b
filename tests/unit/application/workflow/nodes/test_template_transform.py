"""The template-transform node makes a text of the values it is given."""

import pytest

from dify_hex.application.workflow.nodes.template_transform import TemplateTransformNode
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import InvalidTemplate, NodeOutputTooLong, VariableMissing
from dify_hex.domain.workflow.nodes.template_transform import (
    MAX_OUTPUT,
    TemplateTransformConfig,
    TemplateVariable,
)
from tests.builders.node_context import context_of
from tests.builders.node_services import services
from tests.builders.variables import at, file, pool_of


def rendered(template: str, value: JsonValue, selector: str = "start.x") -> JsonValue:
    config = TemplateTransformConfig(
        template=template,
        variables=(TemplateVariable(variable="x", value_selector=at(selector)),),
    )
    node = TemplateTransformNode(services())
    return node.compute(config, context_of(pool_of(start={"x": value}))).outputs["output"]


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("Dear {{ x }}!", "Ada", "Dear Ada!"),
        ("{{ x | upper }}", "Ada", "ADA"),
        ("{% if x > 3 %}many{% else %}few{% endif %}", 5, "many"),
        ("{{ x.name }}", {"name": "Ada"}, "Ada"),
        ("{{ x[1] }}", ["a", "b"], "b"),
        ("{{ x | join(', ') }}", ["a", "b"], "a, b"),
        ("{{ x }}", None, ""),
        ("{{ x | tojson }}", {"a": [1, None]}, '{"a": [1, null]}'),
    ],
)
def test_values_stand_in_the_template(template: str, value: JsonValue, text: str) -> None:
    assert rendered(template, value) == text


def test_a_template_sees_the_attributes_of_files() -> None:
    assert rendered("{{ x.name }}, {{ x.extension }}", file("cat.png").to_json()) == "cat.png, .png"
    assert rendered("{{ x.a[0].size }}", {"a": [file(size=12).to_json()]}) == "12"


def test_a_value_that_is_missing_fails_the_node() -> None:
    with pytest.raises(VariableMissing):
        rendered("{{ x }}", "Ada", "llm.text")


def test_so_does_a_name_that_no_variable_has() -> None:
    with pytest.raises(VariableMissing):
        rendered("{{ y }}", "Ada")


def test_what_the_subset_does_not_allow_is_refused() -> None:
    with pytest.raises(InvalidTemplate):
        rendered("{% for a in x %}{{ a }}{% endfor %}", ["a"])


def test_a_value_can_be_nested_too_deeply() -> None:
    deep: JsonValue = "end"
    for _ in range(5_000):
        deep = [deep]

    with pytest.raises(InvalidTemplate) as caught:
        rendered("{{ x }}", deep)

    assert "nested" in str(caught.value.details["reason"])


def test_a_text_can_be_too_long() -> None:
    assert rendered("{{ x }}", "a" * MAX_OUTPUT) == "a" * MAX_OUTPUT
    with pytest.raises(NodeOutputTooLong) as caught:
        rendered("{{ x }}!", "a" * MAX_OUTPUT)

    assert caught.value.details == {"length": MAX_OUTPUT + 1, "limit": MAX_OUTPUT}
