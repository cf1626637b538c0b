"""Executes the list-operator node: one pass over a list of the run."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.list_operator import ListOperatorConfig


class ListOperatorNode(PureNode[ListOperatorConfig]):
    """Puts out what is left of the list; the list itself stays as it is."""

    def compute(self, config: ListOperatorConfig, context: NodeContext) -> NodeOutcome:
        """The list that results, its first and its last item."""
        return NodeOutcome(outputs=config.operate(context.variables))
