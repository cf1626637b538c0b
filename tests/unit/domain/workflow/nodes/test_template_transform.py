"""A template's variables are selected from the run under names of their own."""

import pytest

from dify_hex.domain.workflow.nodes.template_transform import (
    TemplateTransformConfig,
    TemplateVariable,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at


def config(*names: str) -> TemplateTransformConfig:
    return TemplateTransformConfig(
        template="{{ a }}",
        variables=tuple(
            TemplateVariable(variable=name, value_selector=at("start.x")) for name in names
        ),
    )


def test_it_puts_out_a_text_and_needs_its_variables() -> None:
    assert config("a").outputs() == {"output": ValueType.STRING}
    assert [
        (str(reference.selector), reference.field) for reference in config("a").references()
    ] == [("start.x", "variables.0.value_selector")]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], []),
        (["a-b"], [("name_invalid", "variables.0.variable")]),
        (
            ["a", "a"],
            [
                ("duplicate_variable", "variables.0.variable"),
                ("duplicate_variable", "variables.1.variable"),
            ],
        ),
    ],
)
def test_faults(names: list[str], expected: list[tuple[str, str]]) -> None:
    assert [(fault.code, fault.field) for fault in config(*names).faults()] == expected
