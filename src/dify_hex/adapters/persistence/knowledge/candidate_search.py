"""The candidates of a retrieval from PostgreSQL: three trips a search, on a bare connection."""

import asyncio
from collections.abc import Sequence

import asyncpg

from dify_hex.adapters.persistence.knowledge.keyword_search import SEARCH_SETTINGS, search_keywords
from dify_hex.adapters.persistence.knowledge.vector_preparation import vectors_are_kept
from dify_hex.adapters.persistence.knowledge.vector_search import search_settings, search_vectors
from dify_hex.adapters.persistence.transactions import tenant_connection
from dify_hex.application.knowledge.index_ports import FoundSegment, KeywordQuery, VectorQuery
from dify_hex.application.knowledge.retrieval_ports import CandidateSearch
from dify_hex.domain.knowledge.segment_errors import KnowledgeVectorsUnavailable
from dify_hex.domain.shared.ids import TenantId


class SqlCandidateSearch(CandidateSearch):
    """Searches both indexes; others of the process keep half of the connections."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._places = asyncio.Semaphore(max(1, pool.get_max_size() // 2))
        self._vectors_are_kept = False

    async def by_meaning(self, tenant_id: TenantId, query: VectorQuery) -> Sequence[FoundSegment]:
        """The most alike first."""
        settings = search_settings(query)
        async with (
            self._places,
            tenant_connection(self._pool, tenant_id, settings=settings) as connection,
        ):
            await self._require_vectors(connection)
            return await search_vectors(connection, tenant_id, query)

    async def by_words(self, tenant_id: TenantId, query: KeywordQuery) -> Sequence[FoundSegment]:
        """The highest BM25 score first."""
        async with (
            self._places,
            tenant_connection(self._pool, tenant_id, settings=SEARCH_SETTINGS) as connection,
        ):
            return await search_keywords(connection, tenant_id, query)

    async def _require_vectors(self, connection: asyncpg.Connection) -> None:
        # Room for vectors may come at any time, and does not go.
        if not self._vectors_are_kept:
            self._vectors_are_kept = await vectors_are_kept(connection)
        if not self._vectors_are_kept:
            raise KnowledgeVectorsUnavailable(dependency="database")
