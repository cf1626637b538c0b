"""Which tool is called, and what keeps it from being called."""

from dataclasses import replace

from dify_hex.domain.workflow.nodes.tool import ToolConfig, ToolProviderType
from dify_hex.domain.workflow.tool_parameters import ParameterSource, ToolParameter
from dify_hex.domain.workflow.variables.value_type import ValueType

TOOL = ToolConfig(
    provider_id="weather",
    provider_type=ToolProviderType.BUILTIN,
    provider_name="weather",
    tool_name="forecast",
    tool_parameters={
        "place": ToolParameter(type=ParameterSource.MIXED, value="{{#start.place#}}"),
    },
)


def test_a_tool_puts_out_text_files_and_records_and_maybe_more() -> None:
    assert TOOL.outputs() == {
        "text": ValueType.STRING,
        "files": ValueType.FILES,
        "json": ValueType.OBJECTS,
    }
    assert TOOL.open_outputs


def test_its_parameters_refer_to_values() -> None:
    assert [each.field for each in TOOL.references()] == ["tool_parameters.place.value"]
    assert list(TOOL.faults()) == []


def test_a_tool_has_to_be_named() -> None:
    nameless = replace(TOOL, provider_id="", tool_name=" ")

    assert [(fault.code, fault.field) for fault in nameless.faults()] == [
        ("tool_missing", "provider_id"),
        ("tool_missing", "tool_name"),
    ]


def test_parameters_have_to_have_a_value() -> None:
    odd = {"place": ToolParameter(type=ParameterSource.VARIABLE)}

    assert [fault.code for fault in replace(TOOL, tool_parameters=odd).faults()] == [
        "selector_invalid"
    ]
