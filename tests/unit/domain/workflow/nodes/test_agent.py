"""Which strategy an agent follows, and what keeps it from being followed."""

from dataclasses import replace

from dify_hex.domain.workflow.nodes.agent import AgentConfig
from dify_hex.domain.workflow.tool_parameters import ParameterSource, ToolParameter
from dify_hex.domain.workflow.variables.value_type import ValueType

AGENT = AgentConfig(
    agent_strategy_provider_name="built-in",
    agent_strategy_name="function_calling",
    agent_parameters={
        "query": ToolParameter(type=ParameterSource.VARIABLE, value=["sys", "query"]),
        "maximum_iterations": ToolParameter(type=ParameterSource.CONSTANT, value=5),
    },
)


def test_an_agent_puts_out_text_files_records_and_its_cost_and_maybe_more() -> None:
    assert AGENT.outputs() == {
        "text": ValueType.STRING,
        "files": ValueType.FILES,
        "json": ValueType.OBJECTS,
        "usage": ValueType.OBJECT,
    }
    assert AGENT.open_outputs


def test_its_parameters_refer_to_values() -> None:
    assert [each.field for each in AGENT.references()] == ["agent_parameters.query.value"]
    assert list(AGENT.faults()) == []


def test_a_strategy_has_to_be_named() -> None:
    nameless = replace(AGENT, agent_strategy_provider_name="", agent_strategy_name=" ")

    assert [(fault.code, fault.field) for fault in nameless.faults()] == [
        ("strategy_missing", "agent_strategy_provider_name"),
        ("strategy_missing", "agent_strategy_name"),
    ]


def test_parameters_have_to_have_a_value() -> None:
    odd = {"query": ToolParameter(type=ParameterSource.MIXED, value=5)}

    assert [fault.code for fault in replace(AGENT, agent_parameters=odd).faults()] == [
        "parameter_invalid"
    ]
