"""Executes the loop-end node: nothing to do, as reaching it is what ends the loop."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig


class LoopEndNode(PureNode[LoopEndConfig]):
    """Puts nothing out."""

    def compute(self, config: LoopEndConfig, context: NodeContext) -> NodeOutcome:
        """An empty outcome."""
        del config, context
        return NodeOutcome(outputs={})
