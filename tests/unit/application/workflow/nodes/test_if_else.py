"""The if-else node leaves by the handle of what it chose."""

import pytest

from dify_hex.application.workflow.nodes.if_else import IfElseNode
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.conditions import Condition
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.if_else import Case, IfElseConfig
from tests.builders.node_context import context_of
from tests.builders.variables import at, pool_of


def outcome(mood: str, selector: str = "start.mood") -> NodeOutcome:
    asked = Condition(
        variable_selector=at(selector), comparison_operator=ComparisonOperator.IS, value="good"
    )
    config = IfElseConfig(cases=(Case(case_id="true", conditions=(asked,)),))
    return IfElseNode().compute(config, context_of(pool_of(start={"mood": mood})))


def test_a_case_that_holds_names_the_way() -> None:
    assert outcome("good") == NodeOutcome(
        outputs={"result": True, "selected_case_id": "true"}, handle="true"
    )


def test_otherwise_the_run_leaves_by_else() -> None:
    assert outcome("bad") == NodeOutcome(
        outputs={"result": False, "selected_case_id": "false"}, handle="false"
    )


def test_a_missing_value_fails_the_node() -> None:
    with pytest.raises(VariableMissing):
        outcome("good", "other.mood")
