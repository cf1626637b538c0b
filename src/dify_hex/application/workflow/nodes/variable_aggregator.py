"""Executes the variable-aggregator node: of several variables, the first that has a value."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.variable_aggregator import VariableAggregatorConfig


class VariableAggregatorNode(PureNode[VariableAggregatorConfig]):
    """Puts out what it finds, and succeeds with nothing."""

    def compute(self, config: VariableAggregatorConfig, context: NodeContext) -> NodeOutcome:
        """The values that were found."""
        return NodeOutcome(outputs=config.gather(context.variables))
