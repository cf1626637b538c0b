"""The start node hands the run's inputs on."""

from dify_hex.application.workflow.nodes.start import StartNode
from dify_hex.domain.workflow.node_run import NodeOutcome
from tests.builders.node_context import context_of
from tests.builders.workflow import start


def test_what_is_declared_is_put_out_and_nothing_else() -> None:
    outcome = StartNode().compute(
        start("name", "mood"), context_of(inputs={"name": "Ada", "other": 1})
    )

    assert outcome == NodeOutcome(outputs={"name": "Ada", "mood": None})
