"""A database that cannot keep vectors yet: words are found, vectors are refused, until it can."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.engine import PoolSettings, driver_dsn, make_engine, make_pool
from dify_hex.adapters.persistence.knowledge.candidate_search import SqlCandidateSearch
from dify_hex.adapters.persistence.knowledge.vector_preparation import prepare_vectors
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.knowledge.index_ports import VectorQuery
from dify_hex.bootstrap.migrate import migrate
from dify_hex.domain.knowledge.segment_errors import KnowledgeVectorsUnavailable
from dify_hex.domain.shared.ids import SegmentId, TenantId
from tests.conformance.vector_index import at_angle
from tests.fakes.servers import RunningServers
from tests.integration.persistence.knowledge.conftest import SqlStage
from tests.integration.persistence.knowledge.test_keywords import put, search
from tests.integration.persistence.knowledge.test_segments import draft, reconcile
from tests.migrations.schema_snapshot import snapshot

SETTINGS = PoolSettings(application_name="tests", size=2)


@pytest.fixture
async def owner_of_empty(empty_database: RunningServers) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a database of its own."""
    connection = await asyncpg.connect(driver_dsn(empty_database.admin_url))
    yield connection
    await connection.close()


@pytest.fixture
async def bare(
    empty_database: RunningServers, owner_of_empty: asyncpg.Connection
) -> AsyncIterator[AsyncEngine]:
    """An engine on a migrated database whose table of vectors could not be made."""
    await migrate(empty_database.admin_url)
    await owner_of_empty.execute("DROP TABLE IF EXISTS segment_vectors")
    engine = make_engine(empty_database.database_url, SETTINGS)
    yield engine
    await engine.dispose()


async def test_words_are_found_and_vectors_are_refused(bare: AsyncEngine) -> None:
    tenant_id = TenantId(uuid4())
    stage = SqlStage(lambda: SqlUnitOfWork(bare, tenant_id), tenant_id)
    document_id, segment_id = await stage.document(), SegmentId(uuid4())
    await put(stage, document_id, {segment_id: ["hello"]})
    assert [each.segment_id for each in await search(stage, "hello")] == [segment_id]
    with pytest.raises(KnowledgeVectorsUnavailable):
        await stage.put(document_id, at_angle(0))
    with pytest.raises(KnowledgeVectorsUnavailable):
        await stage.found(at_angle(0))
    async with stage.index() as index:
        await index.remove(stage.knowledge_id, [segment_id])
        await index.remove_document(stage.knowledge_id, document_id)
        await index.remove_knowledge(stage.knowledge_id)


@pytest.mark.pgvector
async def test_what_the_migration_could_not_make_is_made_later(
    bare: AsyncEngine, empty_database: RunningServers, owner_of_empty: asyncpg.Connection
) -> None:
    tenant_id = TenantId(uuid4())
    stage = SqlStage(lambda: SqlUnitOfWork(bare, tenant_id), tenant_id)
    assert await prepare_vectors(empty_database.admin_url)
    made = await snapshot(owner_of_empty)
    assert await prepare_vectors(empty_database.admin_url)
    assert await snapshot(owner_of_empty) == made
    ids = await stage.put(await stage.document(), at_angle(0))
    assert await stage.found(at_angle(0)) == ids


@pytest.mark.pgvector
async def test_what_was_indexed_by_its_words_is_indexed_again_once_vectors_are_kept(
    bare: AsyncEngine, empty_database: RunningServers
) -> None:
    tenant_id = TenantId(uuid4())
    stage = SqlStage(lambda: SqlUnitOfWork(bare, tenant_id), tenant_id)
    document_id = await stage.document()
    await reconcile(stage, document_id, 1, draft(1, "one"))
    async with stage.begin() as work:
        [waiting] = await work.segments.unindexed(document_id, limit=10)
        await work.segments.mark_indexed([waiting.id])
        await work.commit()
    await prepare_vectors(empty_database.admin_url)
    async with stage.begin() as work:
        assert await work.segments.count(document_id) == (1, 0)


async def test_a_schema_without_segments_gets_no_vectors(empty_database: RunningServers) -> None:
    assert not await prepare_vectors(empty_database.admin_url)


@pytest.mark.pgvector
async def test_retrievals_search_by_meaning_as_soon_as_vectors_are_kept(
    bare: AsyncEngine, empty_database: RunningServers
) -> None:
    tenant_id = TenantId(uuid4())
    stage = SqlStage(lambda: SqlUnitOfWork(bare, tenant_id), tenant_id)
    query = VectorQuery(knowledge_id=stage.knowledge_id, vector=at_angle(0), limit=1)
    async with make_pool(empty_database.database_url, SETTINGS) as pool:
        candidates = SqlCandidateSearch(pool)
        with pytest.raises(KnowledgeVectorsUnavailable):
            await candidates.by_meaning(tenant_id, query)
        await prepare_vectors(empty_database.admin_url)
        [segment_id] = await stage.put(await stage.document(), at_angle(0))
        [found] = await candidates.by_meaning(tenant_id, query)
    assert found.segment_id == segment_id
