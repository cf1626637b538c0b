"""Executes the start node: the run's inputs become its outputs."""

from collections.abc import AsyncGenerator

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutor,
    NodeOutput,
)
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.start import StartConfig


class StartExecutor(NodeExecutor[StartConfig]):
    """Hands the declared inputs on; an optional one that was not given is null."""

    async def execute(
        self, config: StartConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield the inputs as the outcome."""
        inputs = context.facts.inputs
        yield NodeOutcome(outputs={name: inputs.get(name) for name in config.variables})
