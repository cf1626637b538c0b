"""Figures and dead letters of the outbox, across all tenants."""

from collections.abc import Sequence

import asyncpg

from dify_hex.adapters.persistence.errors import translating
from dify_hex.application.shared.outbox_store import DeadEvent, OutboxBacklog, OutboxReader
from dify_hex.domain.shared.ids import EventId, TenantId

_BACKLOG = """
SELECT (SELECT count(*) FROM outbox_events WHERE dead_at IS NULL) AS pending,
       (SELECT count(*) FROM outbox_events WHERE dead_at IS NOT NULL) AS dead
"""
_DEAD = """
SELECT id, tenant_id, name, attempts, last_error, dead_at FROM outbox_events
WHERE dead_at IS NOT NULL ORDER BY dead_at DESC LIMIT $1
"""


class SqlOutboxReader(OutboxReader):
    """Reads with the system role."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def backlog(self) -> OutboxBacklog:
        """How much waits and how much is dead."""
        with translating():
            row = await self._pool.fetchrow(_BACKLOG)
        return OutboxBacklog(pending=row["pending"], dead=row["dead"])

    async def dead_events(self, limit: int) -> Sequence[DeadEvent]:
        """The events given up last, newest first."""
        with translating():
            rows = await self._pool.fetch(_DEAD, limit)
        return [
            DeadEvent(
                id=EventId(row["id"]),
                tenant_id=TenantId(row["tenant_id"]),
                name=row["name"],
                attempts=row["attempts"],
                error=row["last_error"],
                dead_at=row["dead_at"],
            )
            for row in rows
        ]
