"""Executes the answer node: its template, with every value in place."""

from collections.abc import AsyncGenerator

from dify_hex.application.workflow.node_executor import (
    NodeContext,
    NodeExecutor,
    NodeOutput,
)
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig


class AnswerExecutor(NodeExecutor[AnswerConfig]):
    """Renders the text; what of it was certain earlier has been shown by then."""

    async def execute(
        self, config: AnswerConfig, context: NodeContext
    ) -> AsyncGenerator[NodeOutput, None]:
        """Yield the rendered text as the outcome."""
        yield NodeOutcome(outputs={"answer": context.variables.render(config.template)})
