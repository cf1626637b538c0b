"""Another embedding model takes over: whatever could be found by its meaning can be found again."""

from dataclasses import replace

import pytest

from dify_hex.application.knowledge.indexing.embed import BATCH
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.indexing import DocumentStatus
from dify_hex.domain.knowledge.reading_errors import DocumentEmpty
from dify_hex.domain.shared.ids import TaskId
from tests.builders.knowledge import EDITOR, NOW, OTHER_MODEL, TENANT, Desk, job_for, paragraphs

MANY = 3 * BATCH


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


async def take_over(desk: Desk) -> int:
    """The other model takes over; how many documents are embedded again."""
    async with desk.begin(TENANT) as work:
        knowledge = await work.knowledge.get(desk.knowledge.id)
        settings = replace(knowledge.state.settings, embedding=OTHER_MODEL)
        assert knowledge.configure(settings, now=NOW, by=EDITOR)
        await work.commit()
    done = await desk.run(desk.reembed_knowledge, knowledge_id=desk.knowledge.id)
    return int(str(done["documents"]))


async def assert_whole(desk: Desk, document: Document) -> None:
    await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.COMPLETED
    segments = desk.shelf.of(document.id)
    assert segments
    assert all(each.is_indexed for each in segments)
    assert {OTHER_MODEL.model} <= {model for model, _ in desk.embeddings.sent}


@pytest.mark.parametrize("verb", ["cancel", "pause"])
async def test_a_document_whose_indexing_anew_was_given_up_keeps_its_meaning(
    desk: Desk, verb: str
) -> None:
    document = await desk.bring(paragraphs(5))
    await desk.index(document)
    await desk.change(document.id, "reindex", TaskId(new_id()))
    await desk.change(document.id, verb)
    assert await take_over(desk) == (verb == "cancel")
    if verb == "pause":
        await desk.change(document.id, "resume", TaskId(new_id()))
    await assert_whole(desk, document)


async def test_so_does_one_that_could_not_be_read_anew(desk: Desk) -> None:
    document = await desk.bring(paragraphs(5))
    await desk.index(document)
    await desk.change(document.id, "reindex", TaskId(new_id()))
    desk.blobs.blobs.clear()
    desk.reader.error = DocumentEmpty()
    with pytest.raises(DocumentEmpty):
        await desk.index(document)
    assert await take_over(desk) == 1
    await assert_whole(desk, document)


async def test_so_does_one_that_was_cancelled_while_it_was_embedded(desk: Desk) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = job_for(document)
    job.meanwhile = {5: lambda: desk.change(document.id, "cancel")}
    assert (await desk.index(document, job=job))["status"] == "cancelled"
    assert any(each.is_indexed for each in desk.shelf.of(document.id))
    assert await take_over(desk) == 1
    await assert_whole(desk, document)
    assert len(desk.shelf.of(document.id)) == MANY


async def test_one_that_was_cancelled_while_it_was_cut_is_cut_to_its_end(desk: Desk) -> None:
    document = await desk.bring(paragraphs(450))
    await desk.index(document)
    await desk.change(document.id, "reindex", TaskId(new_id()))
    job = job_for(await desk.document(document.id))
    job.meanwhile = {2: lambda: desk.change(document.id, "cancel")}
    assert (await desk.index(document, job=job))["status"] == "cancelled"
    assert await take_over(desk) == 1
    await assert_whole(desk, document)
    assert len({each.round for each in desk.shelf.of(document.id)}) == 1


async def test_one_of_which_nothing_can_be_found_is_left_as_it_is(desk: Desk) -> None:
    document = await desk.bring(paragraphs(5))
    await desk.change(document.id, "cancel")
    assert await take_over(desk) == 0
    assert (await desk.document(document.id)).state.status is DocumentStatus.CANCELLED
