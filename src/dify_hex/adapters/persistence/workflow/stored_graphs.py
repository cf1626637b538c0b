"""The graphs that runs have linked to, from the bare pool."""

from collections.abc import Collection, Mapping

import asyncpg

from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.workflow.linked_workflows import StoredGraphs
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.graph_document import GraphDocument

_FIND = "SELECT hash, document FROM graph_documents WHERE tenant_id = $1 AND hash = ANY($2::text[])"


class PostgresStoredGraphs(StoredGraphs):
    """Reads documents by their hashes; they are kept with the versions that they belong to."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(
        self, tenant_id: TenantId, hashes: Collection[str]
    ) -> Mapping[str, GraphDocument]:
        """The documents by their hashes."""
        async with tenant_connection(self._pool, tenant_id) as connection:
            rows = await connection.fetch(_FIND, tenant_id, list(hashes))
        return {row["hash"]: GraphDocument(row["document"]) for row in rows}
