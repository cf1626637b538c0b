"""Executes the answer node: its template, with every value in place."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig


class AnswerNode(PureNode[AnswerConfig]):
    """Renders the text; what of it was certain earlier has been shown by then."""

    def compute(self, config: AnswerConfig, context: NodeContext) -> NodeOutcome:
        """The rendered text."""
        return NodeOutcome(outputs={"answer": context.variables.render(config.template)})
