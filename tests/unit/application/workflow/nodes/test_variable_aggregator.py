"""The variable-aggregator node puts out what the branch that ran has left."""

from dify_hex.application.workflow.nodes.variable_aggregator import VariableAggregatorNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.variable_aggregator import VariableAggregatorConfig
from tests.builders.node_context import context_of
from tests.builders.variables import at, pool_of


def test_the_value_of_the_branch_that_ran_is_put_out() -> None:
    config = VariableAggregatorConfig(variables=(at("yes.text"), at("no.text")))

    outcome = VariableAggregatorNode().compute(config, context_of(pool_of(no={"text": "No."})))

    assert outcome == NodeOutcome(outputs={"output": "No."})
