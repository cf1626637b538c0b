"""Executes the start node: the run's inputs become its outputs."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.start import StartConfig


class StartNode(PureNode[StartConfig]):
    """Hands the declared inputs on; an optional one that was not given is null."""

    def compute(self, config: StartConfig, context: NodeContext) -> NodeOutcome:
        """The inputs."""
        inputs = context.inputs
        return NodeOutcome(outputs={name: inputs.get(name) for name in config.outputs()})
