"""A document that is deleted while a worker reads it leaves nothing behind, whoever comes last."""

import pytest

from dify_hex.application.knowledge.delete_document import DeleteDocument, DeleteDocumentCommand
from dify_hex.application.knowledge.index_ports import KeywordEntry
from dify_hex.application.knowledge.indexing.extracted_text import storage_prefix
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobCancelled
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import SegmentId
from tests.builders.app import actor
from tests.builders.knowledge import TENANT, Desk, job_for, paragraphs

#: Several parts of text, so that a worker reports in between.
LONG = "\f".join(paragraphs(4000) for _ in range(4))


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


def parts_of(desk: Desk, document: Document) -> list[str]:
    prefix = storage_prefix(TENANT, document.knowledge_id, document.id)
    return [key for key in desk.blobs.blobs if key.startswith(prefix)]


async def delete(desk: Desk, document: Document) -> None:
    use_case = DeleteDocument(begin=desk.begin, clock=desk.clock)
    command = DeleteDocumentCommand(document_id=document.id)
    await use_case.execute(actor(tenant_id=TENANT), command)


async def is_on_record(desk: Desk, document: Document) -> bool:
    async with desk.begin(TENANT) as work:
        return await work.documents.find_deleted(document.id) is not None


async def test_text_stays_for_its_removal_until_no_worker_can_write_any(desk: Desk) -> None:
    document = await desk.bring(LONG)
    await delete(desk, document)
    assert document.state.task_id is not None
    desk.shelf.under_way.add(document.state.task_id)
    with pytest.raises(Unavailable):
        await desk.run(desk.delete_document, document_id=document.id)
    assert await is_on_record(desk, document)
    desk.shelf.under_way.clear()
    await desk.blobs.put(f"{storage_prefix(TENANT, document.knowledge_id, document.id)}/0", b"-")
    await desk.run(desk.delete_document, document_id=document.id)
    assert parts_of(desk, document) == []
    assert not await is_on_record(desk, document)


@pytest.mark.parametrize("report", [1, 2])
async def test_a_worker_that_is_late_takes_away_what_it_has_written(
    desk: Desk, report: int
) -> None:
    document = await desk.bring(LONG)
    late = job_for(document)

    async def remove_all() -> None:
        await delete(desk, document)
        await desk.run(desk.delete_document, document_id=document.id)
        assert parts_of(desk, document) == []

    late.meanwhile = {report: remove_all}
    assert (await desk.index(document, job=late))["status"] == "deleted"
    assert parts_of(desk, document) == []


async def test_so_does_one_that_was_told_to_end(desk: Desk) -> None:
    document = await desk.bring(LONG)
    late = job_for(document)
    late.meanwhile = {2: lambda: delete(desk, document)}
    late.interruptions = {2: JobCancelled()}
    with pytest.raises(JobCancelled):
        await desk.index(document, job=late)
    assert parts_of(desk, document) == []


async def test_text_of_a_document_that_is_only_paused_stays(desk: Desk) -> None:
    document = await desk.bring(LONG)
    job = job_for(document)
    job.meanwhile = {2: lambda: desk.change(document.id, "pause")}
    await desk.index(document, job=job)
    assert parts_of(desk, document)


async def test_what_no_segment_leads_to_goes_from_the_indexes_too(desk: Desk) -> None:
    document = await desk.bring("Lamps are lit.")
    lost = SegmentId(new_id())
    async with desk.begin(TENANT) as work:
        entry = KeywordEntry(segment_id=lost, document_id=document.id, terms=["lamps"])
        await work.keywords.put(document.knowledge_id, [entry])
        await work.commit()
    await delete(desk, document)
    await desk.run(desk.delete_document, document_id=document.id)
    assert desk.shelf.keywords == {}
