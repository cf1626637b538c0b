"""What is given for segments that were found, and how often it was."""

import asyncpg
import pytest
from sqlalchemy import text

from dify_hex.adapters.persistence.knowledge.passage_reader import SqlSegmentReader
from dify_hex.adapters.persistence.knowledge.segment_hits import SqlSegmentHits
from dify_hex.application.knowledge.index_ports import UnindexedSegment
from dify_hex.application.knowledge.retrieval_ports import FoundPassage
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import DocumentId, SegmentId, TenantId
from tests.integration.persistence.knowledge.conftest import SqlStage
from tests.integration.persistence.knowledge.test_segments import draft, reconcile

_ADD_KNOWLEDGE = text("""
INSERT INTO knowledge (id, tenant_id, name, name_folded, description, settings, metadata_fields,
                       version)
VALUES (:id, :tenant_id, 'K', :name, '', '{}', '[]', 1)
""")


@pytest.fixture
async def known(stage: SqlStage, tenant_id: TenantId) -> SqlStage:
    """The stage, with a row for its Knowledge."""
    await change(stage, _ADD_KNOWLEDGE, id=stage.knowledge_id, tenant_id=tenant_id, name="k")
    return stage


@pytest.fixture
def reader(pool: asyncpg.Pool) -> SqlSegmentReader:
    """Looks up passages."""
    return SqlSegmentReader(pool)


async def change(stage: SqlStage, statement: object, **parameters: object) -> None:
    async with stage.begin() as work:
        await work._scope.session.execute(statement, parameters)  # type: ignore[call-overload] # any statement
        await work.commit()


async def searched(stage: SqlStage, document_id: DocumentId) -> list[UnindexedSegment]:
    async with stage.begin() as work:
        found = await work.segments.unindexed(document_id, limit=100)
    return sorted(found, key=lambda segment: segment.text)


async def test_a_child_gives_its_parent_and_says_what_was_found(
    known: SqlStage, reader: SqlSegmentReader, tenant_id: TenantId
) -> None:
    document_id = await known.document({"author": "Ann"})
    await reconcile(known, document_id, 1, draft(3, "one two", "one", "two", page=7))
    one, _ = await searched(known, document_id)

    [passage] = await reader.passages(tenant_id, [one.id])

    assert passage == FoundPassage(
        found_id=one.id,
        matched="one",
        segment_id=passage.segment_id,
        document_id=document_id,
        document_name="a",
        position=3,
        content="one two",
        first_page=7,
        last_page=7,
        headings=("Guide", "Start"),
        tokens=2,
        content_hash=passage.content_hash,
        metadata={"author": "Ann"},
    )
    assert passage.segment_id != one.id


@pytest.mark.parametrize(
    "gone",
    [
        "UPDATE segments SET is_enabled = false WHERE id = :id",
        "UPDATE documents SET is_enabled = false WHERE id = :document_id",
        "UPDATE documents SET deleted_at = now() WHERE id = :document_id",
        "UPDATE knowledge SET deleted_at = now() WHERE id = :knowledge_id",
    ],
)
async def test_what_was_taken_away_meanwhile_is_left_out(
    known: SqlStage, reader: SqlSegmentReader, tenant_id: TenantId, gone: str
) -> None:
    document_id = await known.document()
    await reconcile(known, document_id, 1, draft(1, "one"))
    [one] = await searched(known, document_id)
    ids = {"id": one.id, "document_id": document_id, "knowledge_id": known.knowledge_id}
    assert len(await reader.passages(tenant_id, [one.id])) == 1
    await change(known, text(gone), **{name: ids[name] for name in ids if f":{name}" in gone})
    assert await reader.passages(tenant_id, [one.id]) == []


async def test_strangers_find_nothing(
    known: SqlStage, reader: SqlSegmentReader, other_tenant_id: TenantId
) -> None:
    document_id = await known.document()
    await reconcile(known, document_id, 1, draft(1, "one"))
    [one] = await searched(known, document_id)
    assert await reader.passages(other_tenant_id, [one.id]) == []


async def test_hits_are_counted_together(
    known: SqlStage,
    reader: SqlSegmentReader,
    pool: asyncpg.Pool,
    tenant_id: TenantId,
    other_tenant_id: TenantId,
) -> None:
    document_id = await known.document()
    await reconcile(known, document_id, 1, draft(1, "one"), draft(2, "two"))
    one, two = await searched(known, document_id)
    hits = SqlSegmentHits(pool)
    hits.note(tenant_id, [one.id, two.id, SegmentId(new_id())])
    hits.note(tenant_id, [one.id])
    hits.note(other_tenant_id, [SegmentId(new_id())])

    await hits.flush()
    await hits.flush()

    found = await reader.passages(tenant_id, [one.id, two.id])
    assert {each.found_id: each.hit_count for each in found} == {one.id: 2, two.id: 1}


async def test_nobody_counts_the_hits_of_strangers(
    known: SqlStage,
    reader: SqlSegmentReader,
    pool: asyncpg.Pool,
    tenant_id: TenantId,
    other_tenant_id: TenantId,
) -> None:
    document_id = await known.document()
    await reconcile(known, document_id, 1, draft(1, "one"))
    [one] = await searched(known, document_id)
    hits = SqlSegmentHits(pool)
    hits.note(other_tenant_id, [one.id])
    await hits.flush()
    [passage] = await reader.passages(tenant_id, [one.id])
    assert passage.hit_count == 0
