"""Executes the if-else node: the first case that holds names the way on."""

from dify_hex.application.workflow.node_executor import NodeContext, PureNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.if_else import ELSE, IfElseConfig


class IfElseNode(PureNode[IfElseConfig]):
    """Leaves by the handle of the case, or by that of else."""

    def compute(self, config: IfElseConfig, context: NodeContext) -> NodeOutcome:
        """The choice."""
        case = config.choose(context.variables)
        chosen = ELSE if case is None else case.case_id
        return NodeOutcome(
            outputs={"result": case is not None, "selected_case_id": chosen}, handle=chosen
        )
