"""Knowledge and documents on PostgreSQL: kept whole, found, held."""

import asyncio
from dataclasses import replace

import pytest

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
from dify_hex.domain.shared.ids import TaskId, TenantId
from tests.builders.knowledge import EDITOR, LATER, NOW, OTHER_MODEL
from tests.builders.stored_knowledge import AUTHOR, EDITION, EVERYTHING, Begin, added, keep, made


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
