"""The template-transform node makes a text of the values it is given."""

import pytest

from dify_hex.application.shared.code_failures import SandboxUnavailable
from dify_hex.application.shared.code_sandbox import CodeProfile
from dify_hex.application.workflow.nodes.template_transform import (
    TemplateTransformExecutor,
    TemplateTransformNode,
)
from dify_hex.application.workflow.text_templates import TextTemplates
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.errors import InvalidTemplate, NodeOutputTooLong, VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.template_transform import (
    MAX_OUTPUT,
    TemplateTransformConfig,
    TemplateVariable,
)
from tests.builders.account import TENANT
from tests.builders.node_context import context_of
from tests.builders.node_services import services
from tests.builders.variables import at, file, pool_of
from tests.fakes.scripted_sandbox import ScriptedSandbox


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


LOOP = "{% for a in x %}{{ a }}{% endfor %}"


class TestBeyondPlain:
    async def rendered(self, sandbox: ScriptedSandbox, value: JsonValue) -> JsonValue:
        variable = TemplateVariable(variable="x", value_selector=at("start.x"))
        config = TemplateTransformConfig(template=LOOP, variables=(variable,))
        executor = TemplateTransformExecutor(services(sandbox=sandbox))
        context = context_of(pool_of(start={"x": value}))
        (outcome,) = [each async for each in executor.execute(config, context)]
        assert isinstance(outcome, NodeOutcome)
        return outcome.outputs["output"]

    def test_a_template_that_is_plain_follows_from_its_values(self) -> None:
        assert TemplateTransformConfig(template="{{ x }}").is_pure
        assert not TemplateTransformConfig(template=LOOP).is_pure

    async def test_any_other_one_is_rendered_in_the_sandbox(self) -> None:
        sandbox = ScriptedSandbox([{"output": "ab\x00"}])

        assert await self.rendered(sandbox, ["a", file("cat.png").to_json()]) == "ab\ufffd"
        (asked,) = sandbox.asked
        assert (asked.profile, asked.code) == (CodeProfile.TEMPLATE, LOOP)
        assert "cat.png" in repr(asked.inputs["x"])
        assert "$file" not in repr(asked.inputs["x"])

    async def test_where_there_is_none_it_fails(self) -> None:
        with pytest.raises(SandboxUnavailable):
            await self.rendered(ScriptedSandbox([SandboxUnavailable()]), [])

    async def test_its_text_can_be_too_long_as_well(self) -> None:
        with pytest.raises(NodeOutputTooLong):
            await self.rendered(ScriptedSandbox([{"output": "a" * (MAX_OUTPUT + 1)}]), [])

    async def test_a_plain_one_does_not_need_it(self) -> None:
        templates = TextTemplates(services())

        assert await templates.render(TENANT, "Dear {{ x }}", {"x": "Ada"}) == "Dear Ada"


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
