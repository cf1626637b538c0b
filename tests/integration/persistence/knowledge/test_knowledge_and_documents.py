"""Knowledge and documents on PostgreSQL: kept whole, held, listed in order, walled off."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.knowledge.document_reader import SqlDocumentsReader
from dify_hex.adapters.persistence.knowledge.knowledge_reader import SqlKnowledgeReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.knowledge.read_models import DocumentView, KnowledgeView
from dify_hex.application.knowledge.readers import DocumentFilterRequest
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import (
    DocumentExists,
    DocumentNotFound,
    KnowledgeNameTaken,
    KnowledgeNotFound,
)
from dify_hex.domain.knowledge.indexing import (
    DocumentStatus,
    IndexingFailure,
    IndexingProgress,
    IndexingStage,
)
from dify_hex.domain.knowledge.knowledge import Knowledge
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.knowledge.settings import (
    CleaningRules,
    KnowledgeSettings,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)
from dify_hex.domain.shared.ids import DocumentId, FileId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.shared.paging import PageRequest, SortField
from dify_hex.domain.shared.values.model_config import ModelConfig, ModelParameters
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionMethod,
    FusionSettings,
    RetrievalMethod,
    RetrievalSettings,
)
from tests.builders.knowledge import EDITOR, LATER, MODEL, NOW, OTHER_MODEL, content

Begin = Callable[[], SqlUnitOfWork]
AUTHOR = MetadataField(name="author", type=MetadataType.STRING)
EDITION = MetadataField(name="edition", type=MetadataType.NUMBER)
EVERYTHING = KnowledgeSettings(
    embedding=replace(MODEL, parameters=ModelParameters(seed=7)),
    segmentation=SegmentationSettings(
        mode=SegmentationMode.PARENT_CHILD,
        separators=("\n\n", "。"),
        max_tokens=300,
        overlap_tokens=30,
        parent=ParentScope.FULL_DOCUMENT,
        child_max_tokens=60,
        cleaning=CleaningRules(collapse_whitespace=False, remove_urls_and_emails=True),
    ),
    retrieval=RetrievalSettings(
        method=RetrievalMethod.SEMANTIC,
        fusion=FusionSettings(method=FusionMethod.WEIGHTED, semantic_weight=0.7),
        top_k=9,
        score_threshold=0.4,
        rerank=ModelConfig(provider="jina", model="reranker"),
    ),
)


@pytest.fixture
def begin(engine: AsyncEngine, tenant_id: TenantId) -> Begin:
    """Units of work of the tenant."""
    return lambda: SqlUnitOfWork(engine, tenant_id)


@pytest.fixture
def readers(engine: AsyncEngine) -> tuple[SqlKnowledgeReader, SqlDocumentsReader]:
    """What lists are read from."""
    reads = tenant_reads(engine)
    return SqlKnowledgeReader(reads), SqlDocumentsReader(reads)


def made(tenant_id: TenantId, name: str = "Handbook", minutes: int = 0) -> Knowledge:
    return Knowledge.create(
        id=KnowledgeId(new_id()),
        tenant_id=tenant_id,
        name=name,
        description="All of it.",
        settings=EVERYTHING,
        metadata_fields=[AUTHOR, EDITION],
        now=NOW + timedelta(minutes=minutes),
        by=EDITOR,
    )


def added(
    knowledge: Knowledge,
    name: str = "report.pdf",
    *,
    minutes: int = 0,
    sha256: str | None = None,
    duplicate: bool = False,
) -> Document:
    return Document.add(
        id=DocumentId(new_id()),
        tenant_id=knowledge.tenant_id,
        knowledge_id=knowledge.id,
        name=name,
        content=replace(content(sha256 or new_id().hex * 2), file_id=FileId(new_id())),
        is_duplicate=duplicate,
        task_id=TaskId(new_id()),
        now=NOW + timedelta(minutes=minutes),
        by=EDITOR,
    )


async def keep(begin: Begin, knowledge: Knowledge, *documents: Document) -> None:
    async with begin() as work:
        work.knowledge.add(knowledge)
        for document in documents:
            work.documents.add(document)
        await work.commit()


async def load(begin: Begin, document: Document) -> Document:
    async with begin() as work:
        return await work.documents.get(document.id)


async def begun(begin: Begin, document: Document) -> int:
    """A worker takes the document on; its round."""
    async with begin() as work:
        held = await work.documents.hold(document.id)
        held.begin(now=NOW)
        await work.commit()
    return held.state.round


async def test_a_knowledge_comes_back_as_it_was(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    knowledge.configure(replace(EVERYTHING, embedding=OTHER_MODEL), now=LATER, by=EDITOR)
    await keep(begin, knowledge)
    async with begin() as work:
        found = await work.knowledge.get(knowledge.id)
    assert found.state == knowledge.state
    assert (found.tenant_id, found.version) == (tenant_id, 1)


async def test_a_document_comes_back_as_it_was(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    document.describe(
        [AUTHOR, EDITION], metadata={"author": "Ada", "edition": 2.5}, now=LATER, by=EDITOR
    )
    document.set_enabled(False, now=LATER, by=EDITOR)
    document.begin(now=LATER)
    document.fail(IndexingFailure(code="document_empty", message="Nothing."), now=LATER)
    await keep(begin, knowledge, document)
    found = await load(begin, document)
    assert found.state == document.state
    assert found.knowledge_id == knowledge.id


async def test_a_name_is_used_once_until_it_comes_free(begin: Begin, tenant_id: TenantId) -> None:
    first = made(tenant_id)
    await keep(begin, first)
    with pytest.raises(KnowledgeNameTaken):
        await keep(begin, made(tenant_id, "HANDBOOK"))
    async with begin() as work:
        (await work.knowledge.get(first.id)).delete(now=LATER, by=EDITOR)
        await work.commit()
    await keep(begin, made(tenant_id, "HANDBOOK"))
    async with begin() as work:
        with pytest.raises(KnowledgeNotFound):
            await work.knowledge.hold(first.id)
        found = await work.knowledge.find_deleted(first.id)
        assert found is not None
        await work.knowledge.remove(found)
        await work.commit()
    async with begin() as work:
        assert await work.knowledge.find_deleted(first.id) is None


async def test_content_is_there_once_unless_it_may_be_twice(
    begin: Begin, tenant_id: TenantId
) -> None:
    knowledge = made(tenant_id)
    first = added(knowledge, sha256="a" * 64)
    await keep(begin, knowledge, first, added(knowledge, sha256="a" * 64, duplicate=True))
    async with begin() as work:
        assert await work.documents.find_content(knowledge.id, "a" * 64) == first.id
        assert await work.documents.find_content(knowledge.id, "b" * 64) is None
        work.documents.add(added(knowledge, sha256="a" * 64))
        with pytest.raises(DocumentExists):
            await work.commit()
    async with begin() as work:
        (await work.documents.get(first.id)).delete(now=LATER)
        await work.commit()
    async with begin() as work:
        work.documents.add(added(knowledge, sha256="a" * 64))
        await work.commit()


async def test_progress_gets_into_nobodys_way(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    number = await begun(begin, document)
    progress = IndexingProgress(
        stage=IndexingStage.EMBED, percent=50.5, pages=7, characters=9, segments=4, indexed=2
    )
    async with begin() as slow:
        renamed = await slow.documents.get(document.id)
        async with begin() as work:
            assert await work.documents.report(document.id, number, progress)
            await work.commit()
        renamed.describe([], name="Renamed", now=LATER, by=EDITOR)
        await slow.commit()
    state = (await load(begin, document)).state
    assert (state.name, state.progress) == ("Renamed", progress)


async def test_only_the_worker_of_this_round_is_wanted(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    older = await begun(begin, document)
    number = await begun(begin, document)
    progress = IndexingProgress(percent=10)
    async with begin() as work:
        assert not await work.documents.report(document.id, older, progress)
        assert await work.documents.report(document.id, number, progress)
        await work.commit()
    async with begin() as work:
        (await work.documents.hold(document.id)).pause(now=LATER)
        await work.commit()
    async with begin() as work:
        assert not await work.documents.report(document.id, number, progress)


async def test_nobody_pauses_in_the_middle_of_a_step(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    document = added(knowledge)
    await keep(begin, knowledge, document)
    number = await begun(begin, document)

    async def pause() -> None:
        async with begin() as work:
            (await work.documents.hold(document.id)).pause(now=LATER)
            await work.commit()

    async with begin() as work:
        assert await work.documents.report(document.id, number, IndexingProgress(percent=10))
        pausing = asyncio.create_task(pause())
        done, _ = await asyncio.wait([pausing], timeout=0.2)
        assert not done
        await work.commit()
    await pausing
    assert (await load(begin, document)).state.status is DocumentStatus.PAUSED


async def test_a_claim_waits_for_those_who_hold(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    await keep(begin, knowledge)

    async def claim() -> None:
        async with begin() as work:
            await work.knowledge.claim(knowledge.id)

    async with begin() as one, begin() as another:
        await one.knowledge.hold(knowledge.id)
        await another.knowledge.hold(knowledge.id)
        claiming = asyncio.create_task(claim())
        done, _ = await asyncio.wait([claiming], timeout=0.2)
        assert not done
    await claiming


async def test_documents_are_gone_through_by_their_ids(begin: Begin, tenant_id: TenantId) -> None:
    knowledge = made(tenant_id)
    documents = [added(knowledge, f"{number}.txt") for number in range(3)]
    await keep(begin, knowledge, *documents)
    async with begin() as work:
        (await work.documents.get(documents[1].id)).delete(now=LATER)
        await work.commit()
    async with begin() as work:
        assert await work.documents.count(knowledge.id) == 2
        found = await work.documents.after(knowledge.id, None, limit=5)
        assert [each.id for each in found] == [documents[0].id, documents[2].id]
        found = await work.documents.after(knowledge.id, documents[0].id, limit=5)
        assert [each.id for each in found] == [documents[2].id]
        task_id = documents[2].state.task_id
        assert task_id is not None
        of_task = await work.documents.find_by_task(task_id)
        assert of_task is not None
        assert of_task.id == documents[2].id
        assert await work.documents.find_by_task(TaskId(new_id())) is None
        some = await work.documents.some_of(knowledge.id, limit=5)
        assert len(some) == 3
        deleted = await work.documents.find_deleted(documents[1].id)
        assert deleted is not None
        assert await work.documents.find_deleted(documents[0].id) is None
        with pytest.raises(DocumentNotFound):
            await work.documents.get(documents[1].id)
        await work.documents.remove(deleted)
        await work.commit()
    async with begin() as work:
        assert len(await work.documents.some_of(knowledge.id, limit=5)) == 2


async def test_knowledge_is_listed_in_the_order_that_is_asked_for(
    begin: Begin,
    tenant_id: TenantId,
    readers: tuple[SqlKnowledgeReader, SqlDocumentsReader],
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
    readers: tuple[SqlKnowledgeReader, SqlDocumentsReader],
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


async def test_documents_are_listed_by_name_status_and_what_is_enabled(
    begin: Begin,
    tenant_id: TenantId,
    readers: tuple[SqlKnowledgeReader, SqlDocumentsReader],
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
    readers: tuple[SqlKnowledgeReader, SqlDocumentsReader],
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
