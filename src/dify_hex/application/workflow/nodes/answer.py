"""Executes the answer node: its template, with every value in place, and the files it shows."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.variables.files import files_in


class AnswerNode(PureNode[AnswerConfig]):
    """Renders the text; what of it was certain earlier has been shown by then."""

    def compute(self, config: AnswerConfig, context: NodeContext) -> NodeOutcome:
        """The rendered text and its files."""
        template, variables = config.template, context.variables
        return NodeOutcome(
            outputs={
                "answer": variables.render(template),
                "files": files_in(map(variables.get, template.selectors)),
            }
        )
