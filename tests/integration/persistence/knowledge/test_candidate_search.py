"""How a retrieval's candidates are found: on bare connections, each list in its transaction."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from dify_hex.adapters.persistence.engine import PoolSettings, make_pool
from dify_hex.adapters.persistence.knowledge import vector_search
from dify_hex.adapters.persistence.knowledge.candidate_search import SqlCandidateSearch
from dify_hex.application.knowledge.index_ports import DocumentFilter, KeywordQuery, VectorQuery
from dify_hex.application.knowledge.ports import Vector
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import SegmentId, TenantId
from tests.conformance.vector_index import VectorIndexConformance, at_angle, random_vectors
from tests.fakes.servers import RunningServers
from tests.integration.persistence.knowledge.conftest import Begin, SqlStage
from tests.integration.persistence.knowledge.test_keywords import put

_OF_A_SEARCH = "SELECT current_setting('enable_sort'), current_setting('app.tenants', true)"


class CandidateStage(SqlStage):
    """The index is filled by units of work, and searched as a retrieval does."""

    def __init__(self, begin: Begin, tenant_id: TenantId, candidates: SqlCandidateSearch) -> None:
        super().__init__(begin, tenant_id)
        self.tenant_id = tenant_id
        self.candidates = candidates

    async def scores(
        self, vector: Vector, limit: int = 10, filter: DocumentFilter | None = None
    ) -> list[tuple[SegmentId, float]]:
        """What a retrieval finds by meaning."""
        query = VectorQuery(
            knowledge_id=self.knowledge_id,
            vector=vector,
            limit=limit,
            filter=filter or DocumentFilter(),
        )
        found = await self.candidates.by_meaning(self.tenant_id, query)
        return [(each.segment_id, each.score) for each in found]

    async def by_words(self, *terms: str) -> list[SegmentId]:
        """What a retrieval finds by words."""
        query = KeywordQuery(knowledge_id=self.knowledge_id, terms=terms, limit=10)
        return [each.segment_id for each in await self.candidates.by_words(self.tenant_id, query)]


@pytest.fixture
async def lean_pool(database: RunningServers) -> AsyncIterator[asyncpg.Pool]:
    """A pool of two connections."""
    settings = PoolSettings(application_name="tests", size=2)
    async with make_pool(database.database_url, settings) as opened:
        yield opened


@pytest.fixture
def stage(begin: Begin, tenant_id: TenantId, lean_pool: asyncpg.Pool) -> CandidateStage:
    """An empty Knowledge."""
    return CandidateStage(begin, tenant_id, SqlCandidateSearch(lean_pool))


@pytest.mark.pgvector
class TestSqlCandidateSearch(VectorIndexConformance):
    """With the fixture `stage` of this file."""


@pytest.mark.pgvector
async def test_the_graph_finds_what_comparing_finds(stage: CandidateStage) -> None:
    document_id = await stage.document()
    await stage.put(document_id, *random_vectors(vector_search.LEAST_GRAPH + 500, 16))
    few = await stage.document()
    [nearest] = await stage.put(few, at_angle(0, 16))

    along = await stage.found(at_angle(0, 16), limit=1)
    compared = await stage.found(at_angle(0, 16), filter=DocumentFilter(document_ids=(few,)))

    assert along == compared == [nearest]


async def test_words_are_found_with_their_score(stage: CandidateStage) -> None:
    first, second = SegmentId(new_id()), SegmentId(new_id())
    await put(stage, await stage.document(), {first: ["hello", "hello"], second: ["hello", "you"]})
    assert await stage.by_words("hello") == [first, second]
    assert await stage.by_words("nobody") == []


@pytest.mark.pgvector
async def test_another_tenant_finds_nothing(stage: CandidateStage) -> None:
    segment_id = SegmentId(new_id())
    document_id = await stage.document()
    await put(stage, document_id, {segment_id: ["hello"]})
    await stage.put(document_id, at_angle(0))
    stage.tenant_id = TenantId(new_id())
    assert await stage.by_words("hello") == []
    assert await stage.found(at_angle(0)) == []


@pytest.mark.pgvector
async def test_a_search_leaves_nothing_on_its_connection(
    stage: CandidateStage, lean_pool: asyncpg.Pool
) -> None:
    [usual, _] = await lean_pool.fetchrow(_OF_A_SEARCH)
    await stage.found(at_angle(0))
    async with lean_pool.acquire() as one, lean_pool.acquire() as other:
        for connection in (one, other):
            sort, tenants = await connection.fetchrow(_OF_A_SEARCH)
            assert (sort, tenants or None) == (usual, None)


@pytest.mark.pgvector
async def test_searches_leave_connections_to_others(
    stage: CandidateStage, lean_pool: asyncpg.Pool
) -> None:
    async with lean_pool.acquire():
        found = await asyncio.gather(*(stage.found(at_angle(0)) for _ in range(5)))
    assert found == [[]] * 5
