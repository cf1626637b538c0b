"""Schedules in one unit of work, and those of all tenants whose time has come."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy import select

from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.task.rows import ScheduleRow
from dify_hex.application.task.ports import DueSchedules
from dify_hex.domain.shared.ids import ScheduleId, TenantId
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.repository import ScheduleRepository
from dify_hex.domain.task.schedule import Schedule, ScheduledWork, ScheduleState

_DUE = """
SELECT tenant_id, id FROM schedules WHERE next_at <= now() ORDER BY next_at LIMIT $1
"""


class SqlScheduleRepository(ScheduleRepository):
    """The schedules of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def find(self, schedule_id: ScheduleId) -> Schedule | None:
        """The schedule."""
        row = await self._scope.session.scalar(
            select(ScheduleRow).where(
                ScheduleRow.tenant_id == self._scope.tenant_id, ScheduleRow.id == schedule_id
            )
        )
        return None if row is None else self._scope.tracker.load(row, to_domain, write)

    async def find_named(self, name: str) -> Schedule | None:
        """The schedule of that name."""
        row = await self._scope.session.scalar(
            select(ScheduleRow).where(
                ScheduleRow.tenant_id == self._scope.tenant_id, ScheduleRow.name == name
            )
        )
        return None if row is None else self._scope.tracker.load(row, to_domain, write)

    def add(self, schedule: Schedule) -> None:
        """Keep a new schedule."""
        self._scope.tracker.add(schedule, ScheduleRow(), write)

    async def remove(self, schedule: Schedule) -> None:
        """Forget a schedule."""
        await self._scope.tracker.remove(schedule)


class SqlDueSchedules(DueSchedules):
    """Asks with the system's login, which sees every tenant."""

    def __init__(self, system_pool: asyncpg.Pool) -> None:
        self._pool = system_pool

    async def due(self, *, limit: int) -> Sequence[tuple[TenantId, ScheduleId]]:
        """Some whose time has come, the longest due first."""
        with translating():
            rows = await self._pool.fetch(_DUE, limit)
        return [(TenantId(row["tenant_id"]), ScheduleId(row["id"])) for row in rows]


def to_domain(row: ScheduleRow) -> Schedule:
    """The schedule of a row."""
    return Schedule(
        id=ScheduleId(row.id),
        tenant_id=TenantId(row.tenant_id),
        name=row.name,
        version=row.version,
        work=ScheduledWork(
            cron=row.cron,
            time_zone=row.time_zone,
            kind=row.kind,
            queue=JobQueue(row.queue),
            arguments=row.arguments,
        ),
        state=ScheduleState(created_at=row.created_at, next_at=row.next_at, last_at=row.last_at),
    )


def write(schedule: Schedule, row: ScheduleRow) -> None:
    """Copy the schedule to its row."""
    work, state = schedule.work, schedule.state
    row.id = schedule.id
    row.tenant_id = schedule.tenant_id
    row.name = schedule.name
    row.cron = work.cron
    row.time_zone = work.time_zone
    row.kind = work.kind
    row.queue = work.queue.value
    row.arguments = dict(work.arguments)
    row.created_at = state.created_at
    row.next_at = state.next_at
    row.last_at = state.last_at
    row.version = schedule.version
