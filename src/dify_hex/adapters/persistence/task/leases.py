"""Who works on which task, on PostgreSQL, across all tenants."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from time import CLOCK_BOOTTIME, clock_gettime

import asyncpg
import orjson

from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.task import statements
from dify_hex.application.shared.jobs import JobInvitation
from dify_hex.application.task.ports import (
    ClaimedTask,
    Heartbeat,
    KeptTask,
    KeptTasks,
    LostTask,
    TaskBacklog,
    TaskLeases,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.queue import JobQueue

#: How long an invitation may take before another one is sent.
_ON_ITS_WAY = timedelta(seconds=2)


def seconds_since_boot() -> float:
    """Time that goes on while the machine sleeps."""
    return clock_gettime(CLOCK_BOOTTIME)


class PostgresTaskLeases(TaskLeases):
    """Asks with the system's login, which sees every tenant."""

    def __init__(
        self, system_pool: asyncpg.Pool, now: Callable[[], float] = seconds_since_boot
    ) -> None:
        self._pool = system_pool
        self._now = now
        self._looked_at = now()
        self._nobody_is_lost_until = 0.0

    async def claim(self, queue: JobQueue, owner: str, *, per_tenant: int) -> ClaimedTask | None:
        """Take on the oldest task of the tenant whose turn it is."""
        with translating():
            row = await self._pool.fetchrow(statements.CLAIM, queue.value, owner, per_tenant)
        if row is None:
            return None
        return ClaimedTask(
            tenant_id=TenantId(row["tenant_id"]),
            task_id=TaskId(row["id"]),
            kind=row["kind"],
            queue=queue,
            arguments=orjson.loads(row["arguments"]),
            attempt=row["attempts"],
            token=row["token"],
            soft_limit=timedelta(milliseconds=row["soft_limit_ms"]),
            hard_limit=timedelta(milliseconds=row["hard_limit_ms"]),
            waited=row["waited"],
        )

    async def is_waiting(self, queue: JobQueue) -> bool:
        """Whether a task of the queue is due."""
        with translating():
            return bool(await self._pool.fetchval(statements.IS_WAITING, queue.value))

    async def beat(self, owner: str, beats: Sequence[Heartbeat]) -> Sequence[KeptTask]:
        """Prolong all in one statement."""
        with translating():
            rows = await self._pool.fetch(
                statements.BEAT,
                [beat.task_id for beat in beats],
                [beat.token for beat in beats],
                [beat.progress for beat in beats],
                [beat.note for beat in beats],
                owner,
            )
        return [
            KeptTask(task_id=TaskId(row["id"]), token=row["token"], is_cancelled=row["cancelled"])
            for row in rows
        ]

    async def lost(self, *, limit: int) -> Sequence[LostTask]:
        """Tasks without a sign of life, once everybody could have given one."""
        now = self._now()
        if now - self._looked_at > statements.LEASE_SECONDS:
            # This process was not there itself: perhaps the machine slept.
            self._nobody_is_lost_until = now + statements.LEASE_SECONDS
        self._looked_at = now
        try:
            with translating():
                rows = await self._pool.fetch(statements.LOST, limit)
        except Unavailable:
            self._nobody_is_lost_until = self._now() + statements.LEASE_SECONDS
            raise
        if now < self._nobody_is_lost_until:
            return []
        return [
            LostTask(
                tenant_id=TenantId(row["tenant_id"]),
                task_id=TaskId(row["id"]),
                token=row["token"],
            )
            for row in rows
        ]

    async def overdue(self, queue: JobQueue, *, limit: int) -> Sequence[JobInvitation]:
        """Tasks that wait although they are due, the longest due first."""
        with translating():
            rows = await self._pool.fetch(statements.OVERDUE, queue.value, limit, _ON_ITS_WAY)
        return [
            JobInvitation(
                tenant_id=TenantId(row["tenant_id"]),
                task_id=TaskId(row["id"]),
                queue=queue,
                token=row["token"],
            )
            for row in rows
        ]

    async def backlog(self) -> Sequence[TaskBacklog]:
        """The figures of every queue."""
        found: list[TaskBacklog] = []
        with translating():
            for queue in JobQueue:
                waiting = await self._pool.fetchval(statements.WAITING, queue.value)
                dead = await self._pool.fetchval(statements.DEAD, queue.value)
                found.append(TaskBacklog(queue=queue, waiting=waiting, dead=dead))
        return found


class PostgresKeptTasks(KeptTasks):
    """Asks with the system's login, which sees every tenant."""

    def __init__(self, system_pool: asyncpg.Pool) -> None:
        self._pool = system_pool

    @asynccontextmanager
    async def forgetting(
        self, *, ended_before: datetime, limit: int, only_if_done: Collection[str]
    ) -> AsyncIterator[Sequence[tuple[TenantId, TaskId, bool]]]:
        """Take some away, the oldest first, in one transaction with the block."""
        with translating():
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(
                    statements.FORGET_OLD, ended_before, limit, list(only_if_done)
                )
                yield [
                    (TenantId(row["tenant_id"]), TaskId(row["id"]), row["has_blob"]) for row in rows
                ]
