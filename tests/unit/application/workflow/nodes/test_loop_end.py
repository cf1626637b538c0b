"""The loop-end node puts nothing out; that it was reached is all there is to it."""

from dify_hex.application.workflow.nodes.loop_end import LoopEndNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from tests.builders.node_context import context_of
from tests.builders.variables import pool_of


def test_its_outcome_is_empty() -> None:
    outcome = LoopEndNode().compute(LoopEndConfig(), context_of(pool_of()))

    assert outcome == NodeOutcome(outputs={})
