"""Files of all tenants that are over, for the sweep that removes what is left of them."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from dify_hex.adapters.persistence.errors import translating
from dify_hex.application.file.ports import DoneFile, DoneFiles
from dify_hex.domain.file.file import storage_key
from dify_hex.domain.shared.ids import FileId, TenantId

#: Two questions, each with an index of its own: what is over as such, and what has run out.
_DUE = """
(
    SELECT tenant_id, id FROM files
    WHERE status <> 'available' AND (status = 'deleted' OR updated_at < $2)
    ORDER BY updated_at LIMIT $1
) UNION (
    SELECT tenant_id, id FROM files
    WHERE expires_at IS NOT NULL AND expires_at < now()
    ORDER BY expires_at LIMIT $1
) LIMIT $1
"""
_FORGET = "DELETE FROM files WHERE id = ANY($1::uuid[])"


class SqlDoneFiles(DoneFiles):
    """Asks with the system's login, which sees every tenant."""

    def __init__(self, system_pool: asyncpg.Pool) -> None:
        self._pool = system_pool

    async def due(self, *, limit: int, given_up_before: datetime) -> Sequence[DoneFile]:
        """Some of the files that are over."""
        with translating():
            rows = await self._pool.fetch(_DUE, limit, given_up_before)
        return [
            DoneFile(
                id=FileId(row["id"]),
                key=storage_key(TenantId(row["tenant_id"]), FileId(row["id"])),
            )
            for row in rows
        ]

    async def forget(self, file_ids: Sequence[FileId]) -> None:
        """Take them off the record."""
        with translating():
            await self._pool.execute(_FORGET, file_ids)
