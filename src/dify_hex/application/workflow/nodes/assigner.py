"""Executes the assigner node: the run learns the new values, and nothing is put out."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import Assignment, NodeOutcome
from dify_hex.domain.workflow.nodes.assigner import AssignerConfig


class AssignerNode(PureNode[AssignerConfig]):
    """Assigns each variable once, with what all changes together make of it."""

    def compute(self, config: AssignerConfig, context: NodeContext) -> NodeOutcome:
        """The assignments."""
        assigned = config.assign(context.variables)
        return NodeOutcome(
            outputs={},
            assigned=tuple(Assignment(selector, value) for selector, value in assigned.items()),
        )
