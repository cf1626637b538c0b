"""Replays of journals that tests have made."""

from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.replay import Difference, Replay
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent
from tests.reference.finished_runs import compute


def difference(run: WorkflowRun, events: list[RunEvent]) -> Difference | None:
    """Where the journal and its replay first part."""
    replay = Replay(
        run_id=run.run_id, tenant_id=run.tenant_id, graph=run.graph, compute=compute_anything
    )
    return replay.first_difference(events)


def compute_anything(run: WorkflowRun, address: NodeAddress) -> NodeOutcome | RunError:
    """What a probe comes to, or a node that says the same each time."""
    config = run.node_at(address).config
    if isinstance(config, EndConfig):
        return NodeOutcome(outputs={"told": "all"})
    if config.type in {"start", "answer"}:
        return NodeOutcome(outputs={"answer": "Hi."} if config.type == "answer" else {})
    return compute(run, address)
