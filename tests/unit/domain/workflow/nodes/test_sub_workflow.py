"""The sub-workflow node: which workflow, which version, which inputs."""

from uuid import UUID

import pytest

from dify_hex.domain.shared.ids import AppId, NodeId
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.nodes.sub_workflow import (
    SubWorkflowConfig,
    SubWorkflowInput,
    SubWorkflowOutput,
)
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType

APP = AppId(UUID(int=7))
NAME = Selector(NodeId("start"), "name")


def test_a_number_pins_the_version_and_latest_follows() -> None:
    assert SubWorkflowConfig(app_id=APP, version=3).pinned == 3
    assert SubWorkflowConfig(app_id=APP).pinned is None


def test_inputs_are_values_of_the_run_or_constants() -> None:
    config = SubWorkflowConfig(
        app_id=APP,
        inputs=(
            SubWorkflowInput(variable="who", value_selector=NAME),
            SubWorkflowInput(variable="times", value=3),
        ),
    )
    pool = VariablePool()
    pool.put(NodeId("start"), {"name": "Ann"})

    assert config.inputs_from(pool) == {"who": "Ann", "times": 3}
    assert list(config.references()) == [Reference(NAME, "inputs.0.value_selector")]
    with pytest.raises(VariableMissing):
        config.inputs_from(VariablePool())


def test_declared_outputs_can_be_selected_by_type() -> None:
    config = SubWorkflowConfig(
        app_id=APP,
        workflow_outputs=(
            SubWorkflowOutput(variable="text", value_type=ValueType.STRING),
            SubWorkflowOutput(variable="rest"),
        ),
    )

    assert config.outputs() == {"text": ValueType.STRING, "rest": ValueType.ANY}
    assert config.open_outputs


def test_a_right_configuration_has_no_faults() -> None:
    config = SubWorkflowConfig(app_id=APP, version=1, inputs=(SubWorkflowInput(variable="a"),))

    assert list(config.faults()) == []


def test_everything_that_is_wrong_is_told() -> None:
    config = SubWorkflowConfig(
        app_id=APP,
        version=0,
        inputs=(SubWorkflowInput(variable="a"), SubWorkflowInput(variable="a")),
        workflow_outputs=(SubWorkflowOutput(variable="b c"),),
    )

    assert [(fault.code, fault.field) for fault in config.faults()] == [
        ("version_invalid", "version"),
        ("duplicate_variable", "inputs.0.variable"),
        ("duplicate_variable", "inputs.1.variable"),
        ("name_invalid", "workflow_outputs.0.variable"),
    ]
