"""Where a tool's parameters get their values from."""

import pytest

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.tool_parameters import (
    MAX_PARAMETERS,
    ParameterSource,
    ToolParameter,
    parameter_faults,
    parameter_references,
)

MIXED, VARIABLE, CONSTANT = ParameterSource


def parameter(source: ParameterSource, value: JsonValue) -> ToolParameter:
    return ToolParameter(type=source, value=value)


@pytest.mark.parametrize(
    ("source", "value", "selectors"),
    [
        (MIXED, "news of {{#start.topic#}}", ["start.topic"]),
        (MIXED, None, []),
        (VARIABLE, ["start", "file"], ["start.file"]),
        (VARIABLE, ["start", "record", "a"], ["start.record.a"]),
        (CONSTANT, "{{#start.topic#}}", []),
        (CONSTANT, {"a": [1]}, []),
    ],
)
def test_a_parameter_refers_to_what_its_value_needs(
    source: ParameterSource, value: JsonValue, selectors: list[str]
) -> None:
    given = {"query": parameter(source, value)}
    references = list(parameter_references(given, "tool_parameters"))

    assert [str(each.selector) for each in references] == selectors
    assert all(each.field == "tool_parameters.query.value" for each in references)
    assert list(parameter_faults(given, "tool_parameters")) == []


@pytest.mark.parametrize(
    ("source", "value", "code"),
    [
        (MIXED, 5, "parameter_invalid"),
        (VARIABLE, "start.file", "selector_invalid"),
        (VARIABLE, ["start"], "selector_invalid"),
        (VARIABLE, ["start", "a.b"], "selector_invalid"),
        (VARIABLE, ["start", 5], "selector_invalid"),
    ],
)
def test_a_value_has_to_fit_where_it_comes_from(
    source: ParameterSource, value: JsonValue, code: str
) -> None:
    (fault,) = parameter_faults({"query": parameter(source, value)}, "tool_parameters")

    assert (fault.code, fault.field) == (code, "tool_parameters.query.value")


def test_there_are_not_any_number_of_parameters() -> None:
    many = {f"p{i}": parameter(CONSTANT, i) for i in range(MAX_PARAMETERS + 1)}

    assert [fault.code for fault in parameter_faults(many, "p")] == ["parameters_count"]
