"""The assigner node tells the run which variables have other values now."""

from dify_hex.application.workflow.nodes.assigner import AssignerNode
from dify_hex.domain.workflow.assignments import Operation
from dify_hex.domain.workflow.node_run import Assignment, NodeOutcome
from dify_hex.domain.workflow.nodes.assigner import AssignerConfig, AssignmentItem, InputType
from tests.builders.node_context import context_of
from tests.builders.variables import at, pool_of


def test_each_variable_is_assigned_once() -> None:
    more = AssignmentItem(
        variable_selector=at("conversation.count"),
        operation=Operation.ADD,
        input_type=InputType.CONSTANT,
        value=1,
    )
    pool = pool_of(conversation={"count": 1})

    outcome = AssignerNode().compute(AssignerConfig(items=(more, more)), context_of(pool))

    assert outcome == NodeOutcome(outputs={}, assigned=(Assignment(at("conversation.count"), 3),))
