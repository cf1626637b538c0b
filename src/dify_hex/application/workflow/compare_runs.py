"""Looking at the nodes of runs: of one, and of two beside each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from dify_hex.application.shared.actor import Actor
from dify_hex.application.workflow.ports import RunReader
from dify_hex.application.workflow.read_models import RunDetail
from dify_hex.application.workflow.run_records import RunRecords
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import WorkflowRunId
from dify_hex.domain.workflow.node_history import (
    NodeComparison,
    NodeRecord,
    compare_runs,
    node_records,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesPage:
    """Some of a run's nodes; `next_after` is where to go on, None at the end."""

    nodes: Sequence[NodeRecord]
    next_after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRuns:
    """Two runs, node by node."""

    this: RunDetail
    other: RunDetail
    nodes: Sequence[NodeComparison]

    @property
    def diverges_at(self) -> NodeComparison | None:
        """The first node, in the order of this run, that did not come to the same."""
        return next((each for each in self.nodes if not each.is_same), None)


class ShowRunNodes:
    """Tells what has become of each node of a run, in each round of its containers.

    - It is read from the journal, so it shows a run under way as far as that is committed.
    """

    def __init__(self, *, records: RunRecords, runs: RunReader) -> None:
        self._records = records
        self._runs = runs

    async def execute(
        self, actor: Actor, run_id: WorkflowRunId, *, after: int, limit: int
    ) -> NodesPage:
        """Nodes in the order in which they were reached, without the first `after`.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """
        run = await self._runs.get_run(actor.tenant_id, run_id)
        actor.require_app(run.app_id, Permission.RUN_READ)
        found = node_records(await self._records.events_of(actor.tenant_id, run_id))
        end = after + limit
        return NodesPage(nodes=found[after:end], next_after=end if end < len(found) else None)


class CompareRuns:
    """Puts two runs of a tenant beside each other.

    - They need not be of the same version, nor of the same app: nodes are matched by their ids
      and the rounds they ran in.
    - A node came to the same when status, outputs and exit are equal, however long it took.
    """

    def __init__(self, *, records: RunRecords, runs: RunReader) -> None:
        self._records = records
        self._runs = runs

    async def execute(
        self, actor: Actor, run_id: WorkflowRunId, other_id: WorkflowRunId
    ) -> ComparedRuns:
        """Compare the nodes of both.

        Raises:
            WorkflowRunNotFound: one of them does not exist for this tenant.
        """
        shown = [await self._runs.get_run(actor.tenant_id, each) for each in (run_id, other_id)]
        for run in shown:
            actor.require_app(run.app_id, Permission.RUN_READ)
        this, other = [
            node_records(await self._records.events_of(actor.tenant_id, run.id)) for run in shown
        ]
        return ComparedRuns(this=shown[0], other=shown[1], nodes=compare_runs(this, other))
