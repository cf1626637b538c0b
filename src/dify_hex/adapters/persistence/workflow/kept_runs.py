"""Takes runs away that were kept for long enough: whole partitions, else rows in batches."""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from dify_hex.adapters.persistence.engine import CONNECT_TIMEOUT, driver_dsn
from dify_hex.adapters.persistence.errors import translating
from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow.partitions import TABLE, first_id_of
from dify_hex.application.workflow.retention import KeptRun, KeptRuns
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId

_BOUNDS = re.compile(r"FROM \('([0-9a-f-]{36})'\) TO \('([0-9a-f-]{36})'\)")

_PARTITIONS = """
SELECT part.relname, pg_get_expr(part.relpartbound, part.oid) AS bounds
FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
WHERE inhparent = $1::text::regclass ORDER BY part.relname
"""

#: A run of the range that is not over, or not for long enough.
_KEEPS = """
SELECT EXISTS (SELECT FROM workflow_runs WHERE run_id >= $1 AND run_id < $2
               AND (finished_at IS NULL OR finished_at >= $3))
"""

_OLD = """
SELECT tenant_id, run_id FROM workflow_runs WHERE finished_at < $1 ORDER BY finished_at LIMIT $2
"""

#: Of apps that have theirs kept for less long.
_PAST_THEIR_APPS = """
SELECT run.tenant_id, run.run_id
FROM app_run_retentions AS said JOIN workflow_runs AS run USING (tenant_id, app_id)
WHERE run.finished_at < $1::timestamptz - make_interval(days => said.keep_days)
ORDER BY run.run_id LIMIT $2
"""

#: Of each app, the finished runs behind its newest ones; nothing is less than a null.
_MANY = """
SELECT placed.tenant_id, placed.run_id FROM (
    SELECT tenant_id, app_id, run_id, finished_at,
           row_number() OVER (PARTITION BY tenant_id, app_id ORDER BY run_id DESC) AS place
    FROM workflow_runs
) AS placed
LEFT JOIN app_run_retentions AS said USING (tenant_id, app_id)
WHERE place > least($1::bigint, said.keep_runs) AND finished_at IS NOT NULL
ORDER BY placed.run_id LIMIT $2
"""

_FORGET = tuple(
    f"DELETE FROM {table} WHERE run_id = ANY($1::uuid[])"  # noqa: S608 - the names are our own
    for table in (TABLE, "workflow_forms", "workflow_runs")
)


class PostgresKeptRuns(KeptRuns):
    """Prunes as the system; drops as the owner, where its login was given."""

    def __init__(self, system_pool: asyncpg.Pool, admin_url: str | None) -> None:
        self._pool = system_pool
        self._admin_url = admin_url

    async def drop_partitions(self, *, ended_before: datetime) -> int:
        """Look at each part whose runs all began before; drop those that keep nothing."""
        if self._admin_url is None:
            return 0
        dropped, admin_dsn = 0, driver_dsn(self._admin_url)
        for name, first, end in await self._partitions():
            if end > first_id_of(ended_before):
                continue
            async with tenant_connection(self._pool) as connection:
                if await connection.fetchval(_KEEPS, first, end, ended_before):
                    continue
            dropped += await _drop(admin_dsn, name)
        return dropped

    async def find_old(self, *, ended_before: datetime, limit: int) -> Sequence[KeptRun]:
        """By age."""
        return await self._find(_OLD, ended_before, limit)

    async def find_past_their_apps(self, *, now: datetime, limit: int) -> Sequence[KeptRun]:
        """By the age that their apps have said."""
        return await self._find(_PAST_THEIR_APPS, now, limit)

    async def find_many(self, *, per_app: int | None, limit: int) -> Sequence[KeptRun]:
        """By count."""
        return await self._find(_MANY, per_app, limit)

    async def forget(self, runs: Sequence[KeptRun]) -> None:
        """All that is theirs, in one transaction, in the order of run ids."""
        ids = sorted(run_id for _, run_id in runs)
        async with tenant_connection(self._pool) as connection:
            for statement in _FORGET:
                await connection.execute(statement, ids)

    async def _find(self, query: str, *arguments: object) -> Sequence[KeptRun]:
        async with tenant_connection(self._pool) as connection:
            found = await connection.fetch(query, *arguments)
        return [(TenantId(row["tenant_id"]), WorkflowRunId(row["run_id"])) for row in found]

    async def _partitions(self) -> list[tuple[str, UUID, UUID]]:
        async with tenant_connection(self._pool) as connection:
            rows = await connection.fetch(_PARTITIONS, TABLE)
        # The default partition has no bounds, and is never dropped.
        return [
            (row["relname"], UUID(bounds[1]), UUID(bounds[2]))
            for row in rows
            if (bounds := _BOUNDS.search(row["bounds"])) is not None
        ]


async def _drop(dsn: str, partition: str) -> bool:
    """Drop a partition, unless somebody holds it for too long; it is tried again next time."""
    with translating():
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT)
        try:
            # Waiting for a lock would let every commit of the journal wait behind it.
            await connection.execute("SET lock_timeout = '2s'")
            await connection.execute(f"DROP TABLE {partition}")
        except asyncpg.LockNotAvailableError:
            return False
        finally:
            await connection.close()
    return True
