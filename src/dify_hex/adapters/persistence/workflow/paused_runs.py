"""Ends paused runs of an app by giving them to whoever claims them next."""

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.app.ports import PausedRuns
from dify_hex.domain.shared.ids import AppId, TenantId

#: A paused run has no owner. Running and without a lease it is claimed at once, and its new owner
#: finds that it shall stop.
_STOP = """
UPDATE workflow_runs
SET desired_state = 'stop', status = 'running', lease_owner = NULL, lease_expires_at = '-infinity'
WHERE tenant_id = $1 AND app_id = $2 AND status = 'paused'
RETURNING run_id
"""


class SqlPausedRuns(PausedRuns):
    """Works as the application, on a bare pool."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def stop_those_of(self, tenant_id: TenantId, app_id: AppId) -> bool:
        """Have every paused run of the app stopped; whether there was one."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            return bool(await connection.fetch(_STOP, tenant_id, app_id))
