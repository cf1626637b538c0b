"""Timers of runs: columns that a sweep looks through, across all tenants."""

from collections.abc import Sequence

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.adapters.persistence.workflow import form_statements
from dify_hex.application.workflow.form_ports import RunTimers, TimedRun
from dify_hex.domain.shared.ids import WorkflowRunId


class PostgresRunTimers(RunTimers):
    """Works as the system's login; rows that somebody else is changing wait for the next look."""

    def __init__(self, system_pool: asyncpg.Pool) -> None:
        self._pool = system_pool

    async def expire_forms(self, *, limit: int) -> Sequence[TimedRun]:
        """End the waiting of forms whose time is up."""
        async with tenant_connection(self._pool) as connection:
            found = await connection.fetch(form_statements.EXPIRE_FORMS, limit)
        return [TimedRun(WorkflowRunId(row["run_id"]), is_due=row["is_due"]) for row in found]

    async def expire_runs(self, *, limit: int) -> Sequence[TimedRun]:
        """Make paused runs due whose time is up; their next owner ends them."""
        async with tenant_connection(self._pool) as connection:
            found = await connection.fetch(form_statements.EXPIRE_RUNS, limit)
        return [TimedRun(WorkflowRunId(row["run_id"]), is_due=True) for row in found]
