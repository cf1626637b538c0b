"""Knowledge and documents on PostgreSQL: listed in order, walled off."""

from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.knowledge.document_reader import SqlDocumentsReader
from dify_hex.adapters.persistence.knowledge.knowledge_reader import SqlKnowledgeReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.application.knowledge.read_models import DocumentView, KnowledgeView
from dify_hex.application.knowledge.readers import DocumentFilterRequest
from dify_hex.domain.knowledge.errors import (
    DocumentNotFound,
    KnowledgeNotFound,
)
from dify_hex.domain.knowledge.indexing import (
    DocumentStatus,
)
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.paging import PageRequest, SortField
from tests.builders.knowledge import EDITOR, NOW
from tests.builders.stored_knowledge import Begin, added, keep, made

Readers = tuple[SqlKnowledgeReader, SqlDocumentsReader]


@pytest.fixture
def readers(engine: AsyncEngine) -> Readers:
    """What lists are read from."""
    reads = tenant_reads(engine)
    return SqlKnowledgeReader(reads), SqlDocumentsReader(reads)


async def test_knowledge_is_listed_in_the_order_that_is_asked_for(
    begin: Begin,
    tenant_id: TenantId,
    readers: Readers,
) -> None:
    for minutes, name in enumerate(("Beta", "alpha", "Gamma")):
        knowledge = made(tenant_id, name, minutes)
        documents = [added(knowledge) for _ in range(minutes)]
        await keep(begin, knowledge, *documents)
    reader, _ = readers

    async def names(*sort: SortField, q: str | None = None) -> Sequence[str]:
        page = await reader.list_knowledge(tenant_id, PageRequest(sort=sort), q)
        return [view.name for view in page.items]

    newest = SortField(name="created_at", descending=True)
    assert await names(newest) == ["Gamma", "alpha", "Beta"]
    assert await names(SortField(name="name")) == ["alpha", "Beta", "Gamma"]
    assert await names(newest, q="ALPH") == ["alpha"]
    page = await reader.list_knowledge(
        tenant_id, PageRequest(page=2, limit=2, sort=(newest,)), None
    )
    assert [view.name for view in page.items] == ["Beta"]
    assert (page.total, page.items[0].documents) == (3, 0)


async def test_a_view_is_that_of_the_aggregate(
    begin: Begin,
    tenant_id: TenantId,
    other_tenant_id: TenantId,
    readers: Readers,
) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    of_knowledge, of_documents = readers
    shown = await of_knowledge.get_knowledge(tenant_id, knowledge.id)
    assert shown == KnowledgeView.of(knowledge, documents=1)
    assert await of_documents.get_document(tenant_id, document.id) == DocumentView.of(document)
    with pytest.raises(KnowledgeNotFound):
        await of_knowledge.get_knowledge(other_tenant_id, knowledge.id)
    with pytest.raises(DocumentNotFound):
        await of_documents.get_document(other_tenant_id, document.id)
    with pytest.raises(KnowledgeNotFound):
        await of_documents.list_documents(
            other_tenant_id, knowledge.id, PageRequest(), DocumentFilterRequest()
        )


async def test_a_deleted_knowledge_takes_its_documents_out_of_sight(
    begin: Begin,
    tenant_id: TenantId,
    readers: Readers,
) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    async with begin() as work:
        (await work.knowledge.get(knowledge.id)).delete(now=NOW, by=EDITOR)
        await work.commit()
    _, reader = readers
    with pytest.raises(DocumentNotFound):
        await reader.get_document(tenant_id, document.id)


async def test_documents_are_listed_by_name_status_and_what_is_enabled(
    begin: Begin,
    tenant_id: TenantId,
    readers: Readers,
) -> None:
    knowledge = made(tenant_id)
    waiting = added(knowledge, "beta.txt")
    paused = added(knowledge, "Alpha.txt", minutes=1)
    paused.pause(now=NOW)
    hidden = added(knowledge, "gamma.txt", minutes=2)
    hidden.set_enabled(False, now=NOW, by=EDITOR)
    await keep(begin, knowledge, waiting, paused, hidden)
    _, reader = readers

    async def names(wanted: DocumentFilterRequest, sort: str = "name") -> Sequence[str]:
        page = PageRequest(sort=(SortField(name=sort),))
        found = await reader.list_documents(tenant_id, knowledge.id, page, wanted)
        return [view.name for view in found.items]

    assert await names(DocumentFilterRequest()) == ["Alpha.txt", "beta.txt", "gamma.txt"]
    assert await names(DocumentFilterRequest(), "created_at") == [
        "beta.txt",
        "Alpha.txt",
        "gamma.txt",
    ]
    assert await names(DocumentFilterRequest(status=DocumentStatus.PAUSED)) == ["Alpha.txt"]
    assert await names(DocumentFilterRequest(is_enabled=False)) == ["gamma.txt"]
    assert await names(DocumentFilterRequest(q="BETA")) == ["beta.txt"]


async def test_a_document_is_shown_with_what_its_segments_add_up_to(
    begin: Begin,
    tenant_id: TenantId,
    readers: Readers,
) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    drafts = [
        SegmentDraft(
            position=number,
            content=f"Segment {number}.",
            content_hash=bytes([number]) * 32,
            occurrence=0,
            tokens=3,
        )
        for number in range(1, 4)
    ]
    async with begin() as work:
        await work.segments.reconcile(document.id, 1, drafts)
        await work.commit()
    async with begin() as work:
        waiting = await work.segments.unindexed(document.id, limit=2)
        await work.segments.mark_indexed([each.id for each in waiting])
        await work.commit()
    _, reader = readers
    shown = await reader.get_document(tenant_id, document.id)
    assert (shown.progress.segments, shown.progress.indexed, shown.hits) == (3, 2, 0)
