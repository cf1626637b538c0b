"""Journal, leases and control of runs in memory: what the engine's unit tests stand on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dify_hex.application.workflow.ports import (
    RunControl,
    RunJournal,
    RunLeases,
    StoredRuns,
)
from dify_hex.application.workflow.records import (
    ClaimedRun,
    JournalHead,
    JournalRow,
    Lease,
    NewRun,
    Renewed,
    RunEnding,
    StoredRun,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.errors import LeaseLost, WorkflowRunNotFound
from dify_hex.domain.workflow.form import FormStatus
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus
from tests.fakes.memory_forms import MemoryForms


@dataclass
class MemoryRun:
    """A stored run; `owner` None and `expired` both make it claimable."""

    tenant_id: TenantId
    stored: StoredRun
    token: int
    owner: str | None
    status: RunStatus
    expired: bool = False
    rows: list[JournalRow] = field(default_factory=list)
    ending: RunEnding | None = None

    @property
    def renewed(self) -> Renewed:
        """What its owner learns."""
        return Renewed(self.stored.desired_state, self.stored.inbox)

    def make_due(self) -> None:
        """Let whoever comes take a paused run."""
        self.stored = replace(self.stored, background=True)
        self.status, self.owner = RunStatus.RUNNING, None

    def tell(self) -> bool:
        """Something has come in for its owner; whether it is due now."""
        self.stored = replace(self.stored, inbox=self.stored.inbox + 1)
        if self.status is RunStatus.PAUSED and self.stored.desired_state is DesiredState.RUN:
            self.make_due()
        return self.owner is None


class MemoryRuns(RunJournal, RunLeases, RunControl, StoredRuns):
    """Fences by token like the real one; `gate` holds commits back while it is cleared."""

    def __init__(self) -> None:
        self.forms = MemoryForms(self)
        self.runs: dict[WorkflowRunId, MemoryRun] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.commits = 0
        #: Whether the database is away for renewals and claims.
        self.away = False

    def birth(self, run: NewRun, graph: GraphDocument) -> None:
        """Store a run as the unit of work would."""
        self.runs[run.lease.run_id] = MemoryRun(
            tenant_id=run.lease.tenant_id,
            stored=StoredRun(
                graph=graph,
                background=run.background,
                resume_window=run.resume_window,
                desired_state=DesiredState.RUN,
            ),
            token=run.lease.token,
            owner=run.lease.owner or None,
            status=RunStatus.PENDING if run.background else RunStatus.RUNNING,
            rows=list(run.rows),
        )

    async def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> None:
        del urgent
        await self.gate.wait()
        self._write(rows)

    async def finish(self, ending: RunEnding) -> None:
        await self.gate.wait()
        self._write(ending.rows)
        run = self.runs[ending.lease.run_id]
        run.status, run.ending, run.owner = ending.status, ending, None
        run.stored = replace(run.stored, owners=0)
        if ending.status is RunStatus.PAUSED:
            self._go_on_if_overtaken(run, ending)
        else:
            self.forms.close(ending.lease.run_id)

    async def read(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, after: int, limit: int = 1000
    ) -> Sequence[JournalRow]:
        run = self._of(tenant_id, run_id)
        return [row for row in run.rows if row.seq > after][:limit]

    async def heads(
        self, runs: Sequence[tuple[TenantId, WorkflowRunId]]
    ) -> Mapping[WorkflowRunId, JournalHead]:
        return {
            run_id: JournalHead(seq=self.runs[run_id].rows[-1].seq, status=self.runs[run_id].status)
            for _, run_id in runs
            if run_id in self.runs
        }

    async def renew(self, leases: Sequence[Lease]) -> Mapping[WorkflowRunId, Renewed]:
        self._reach()
        return {
            lease.run_id: self.runs[lease.run_id].renewed
            for lease in leases
            if self.runs[lease.run_id].token == lease.token
        }

    async def claim_due(self, owner: str, *, limit: int) -> Sequence[ClaimedRun]:
        self._reach()
        claimable = {RunStatus.PENDING, RunStatus.RUNNING}
        due = [
            run_id
            for run_id, run in self.runs.items()
            if run.status in claimable and (run.owner is None or run.expired)
        ]
        return [self._take(run_id, owner) for run_id in due[:limit]]

    async def take_paused(
        self, tenant_id: TenantId, run_id: WorkflowRunId, owner: str
    ) -> ClaimedRun | None:
        run = self._of(tenant_id, run_id)
        if run.status is not RunStatus.PAUSED:
            return None
        run.stored = replace(run.stored, background=True)
        return self._take(run_id, owner)

    async def release(self, leases: Sequence[Lease]) -> None:
        for lease in leases:
            if self.runs[lease.run_id].token == lease.token:
                self.runs[lease.run_id].owner = None

    async def desire(
        self, tenant_id: TenantId, run_id: WorkflowRunId, state: DesiredState
    ) -> RunStatus:
        run = self._of(tenant_id, run_id)
        if not run.status.is_final:
            run.stored = replace(run.stored, desired_state=state)
        return run.status

    async def resume(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunStatus:
        run = self._of(tenant_id, run_id)
        before = run.status
        if not before.is_final:
            run.stored = replace(run.stored, desired_state=DesiredState.RUN)
        if before is RunStatus.PAUSED:
            run.make_due()
        return before

    async def get(self, tenant_id: TenantId, run_id: WorkflowRunId) -> StoredRun:
        return self._of(tenant_id, run_id).stored

    def _go_on_if_overtaken(self, run: MemoryRun, ending: RunEnding) -> None:
        desired = run.stored.desired_state
        awaited = [self.forms.kept[form_id] for form_id in ending.awaited]
        answered = any(form.status is not FormStatus.OPEN for form in awaited)
        if desired is DesiredState.STOP or (
            desired is DesiredState.RUN and (ending.pause_requested or answered)
        ):
            run.make_due()

    def _reach(self) -> None:
        if self.away:
            raise Unavailable(dependency="database")

    def _of(self, tenant_id: TenantId, run_id: WorkflowRunId) -> MemoryRun:
        run = self.runs.get(run_id)
        if run is None or run.tenant_id != tenant_id:
            raise WorkflowRunNotFound
        return run

    def _take(self, run_id: WorkflowRunId, owner: str) -> ClaimedRun:
        run = self.runs[run_id]
        run.token += 1
        run.stored = replace(run.stored, owners=run.stored.owners + 1)
        run.owner, run.expired, run.status = owner, False, RunStatus.RUNNING
        lease = Lease(tenant_id=run.tenant_id, run_id=run_id, owner=owner, token=run.token)
        return ClaimedRun(lease=lease, taken_over=run.token > 1)

    def _write(self, rows: Sequence[JournalRow]) -> None:
        run = self.runs[rows[0].run_id]
        if run.token != rows[0].token:
            raise LeaseLost(run_id=str(rows[0].run_id))
        for row in rows:
            assert row.seq > (run.rows[-1].seq if run.rows else 0), "rows are committed in order"
            run.rows.append(row)
        self.commits += 1
