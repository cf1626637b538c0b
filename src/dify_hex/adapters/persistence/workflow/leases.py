"""Leases, control and the stored form of runs, on PostgreSQL."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from time import CLOCK_BOOTTIME, clock_gettime

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow import statements
from dify_hex.application.workflow.engine.conclusion import PAUSE_EXPIRY
from dify_hex.application.workflow.ports import (
    RunControl,
    RunLeases,
    StoredRuns,
)
from dify_hex.application.workflow.records import (
    ClaimedRun,
    Lease,
    Renewed,
    StoredRun,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.errors import WorkflowRunNotFound
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus


def seconds_since_boot() -> float:
    """Time that goes on while the machine sleeps."""
    return clock_gettime(CLOCK_BOOTTIME)


class PostgresRunLeases(RunLeases):
    """Renews as the application, tenant by name; claims as the scheduler, across tenants."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        system_pool: asyncpg.Pool,
        now: Callable[[], float] = seconds_since_boot,
    ) -> None:
        self._pool = pool
        self._system_pool = system_pool
        self._now = now
        self._looked_at = now()
        self._take_over_after = 0.0

    async def renew(self, leases: Sequence[Lease]) -> Mapping[WorkflowRunId, Renewed]:
        """Prolong all in one statement."""
        tenants = {lease.tenant_id for lease in leases}
        async with tenant_connection(self._pool, *tenants) as connection:
            found = await connection.fetch(
                statements.RENEW,
                [lease.run_id for lease in leases],
                [lease.token for lease in leases],
                leases[0].owner,
            )
        return {
            WorkflowRunId(row["run_id"]): Renewed(DesiredState(row["desired_state"]), row["inbox"])
            for row in found
        }

    async def claim_due(self, owner: str, *, limit: int) -> Sequence[ClaimedRun]:
        """Take what nobody owns, with one UPDATE."""
        self._notice_absence()
        may_take_over = self._now() >= self._take_over_after
        try:
            async with tenant_connection(self._system_pool) as connection:
                found = await connection.fetch(statements.CLAIM, owner, limit, may_take_over)
        except Unavailable:
            # While it is away no owner can renew: on return each of them gets one lease time.
            self._take_over_after = self._now() + statements.LEASE_SECONDS
            raise
        return [
            ClaimedRun(
                lease=Lease(
                    tenant_id=TenantId(row["tenant_id"]),
                    run_id=WorkflowRunId(row["run_id"]),
                    owner=owner,
                    token=row["lease_token"],
                ),
                taken_over=row["lease_token"] > 1,
            )
            for row in found
        ]

    async def take_paused(
        self, tenant_id: TenantId, run_id: WorkflowRunId, owner: str
    ) -> ClaimedRun | None:
        """Take a paused run, unless somebody was quicker."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            token = await connection.fetchval(statements.TAKE_PAUSED, run_id, owner)
        if token is None:
            return None
        lease = Lease(tenant_id=tenant_id, run_id=run_id, owner=owner, token=token)
        return ClaimedRun(lease=lease, taken_over=True)

    async def release(self, leases: Sequence[Lease]) -> None:
        """Make the runs claimable at once."""
        tenants = {lease.tenant_id for lease in leases}
        async with tenant_connection(self._pool, *tenants) as connection:
            await connection.execute(
                statements.RELEASE,
                [lease.run_id for lease in leases],
                [lease.token for lease in leases],
            )

    def _notice_absence(self) -> None:
        """A machine that slept kept owners from renewing too: each gets one lease time."""
        now = self._now()
        if now - self._looked_at > statements.LEASE_SECONDS:
            self._take_over_after = now + statements.LEASE_SECONDS
        self._looked_at = now


class PostgresRunControl(RunControl, StoredRuns):
    """What is desired of runs, and what is needed to go on with them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def desire(
        self, tenant_id: TenantId, run_id: WorkflowRunId, state: DesiredState
    ) -> RunStatus:
        """Note it, unless the run has ended."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            status = await connection.fetchval(
                statements.DESIRE, run_id, state.value, PAUSE_EXPIRY.total_seconds()
            )
        return _known(status)

    async def resume(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunStatus:
        """Let a paused run be claimed."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            return _known(await connection.fetchval(statements.RESUME, run_id))

    async def get(self, tenant_id: TenantId, run_id: WorkflowRunId) -> StoredRun:
        """The run as it is stored."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            row = await connection.fetchrow(statements.READ_STORED, run_id)
        if row is None:
            raise WorkflowRunNotFound
        return StoredRun(
            graph=GraphDocument(row["document"]),
            background=row["background"],
            resume_window=timedelta(milliseconds=row["resume_window_ms"]),
            desired_state=DesiredState(row["desired_state"]),
            inbox=row["inbox"],
            owners=row["owners"],
        )


def _known(status: str | None) -> RunStatus:
    if status is None:
        raise WorkflowRunNotFound
    return RunStatus(status)
