"""Executes the end node: it collects what the run hands back."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.end import EndConfig


class EndNode(PureNode[EndConfig]):
    """Every value must be there: an output that is missing is an error, and not null."""

    def compute(self, config: EndConfig, context: NodeContext) -> NodeOutcome:
        """The outputs."""
        return NodeOutcome(
            outputs={
                output.variable: context.variables.get(output.value_selector)
                for output in config.run_outputs
            }
        )
