"""A document comes into the index stage by stage, whatever becomes of its workers."""

from dataclasses import replace

import pytest

from dify_hex.application.knowledge.indexing.embed import BATCH
from dify_hex.application.knowledge.job_requests import INDEXING_ATTEMPTS
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.jobs import JobCancelled, JobTakenOver, JobTimeUp
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingStage
from dify_hex.domain.knowledge.reading_errors import DocumentEmpty, DocumentUnreadable
from dify_hex.domain.knowledge.segment_errors import VectorDimensionMismatch
from dify_hex.domain.knowledge.settings import SegmentationSettings
from dify_hex.domain.model_provider.errors import ModelBadRequest, ModelUnavailable
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId
from tests.builders.knowledge import (
    EDITOR,
    LATER,
    NOW,
    OTHER_MODEL,
    SETTINGS,
    TENANT,
    Desk,
    WatchedJob,
    job_for,
    paragraphs,
)

#: More than one batch of each stage.
MANY = 250


class Killed(BaseException):
    """What nobody catches, as nobody catches the end of a process."""


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


async def found(desk: Desk, document: Document) -> list[str]:
    """The contents that can be found, in their order."""
    return [each.draft.content for each in desk.shelf.of(document.id) if each.is_indexed]


def repeated(desk: Desk) -> int:
    """How many texts were asked for again; those who send them remember what they have sent.

    There are two batches on their way at most: one to the model, one into the index.
    """
    return sum(desk.embeddings.sent.values()) - len(desk.embeddings.sent)


async def test_a_document_comes_into_both_indexes(desk: Desk) -> None:
    document = await desk.bring("Lamps are lit.\n\nBy the keeper.\fAt dusk.")
    outcome = await desk.index(document)
    state = (await desk.document(document.id)).state
    assert state.status is DocumentStatus.COMPLETED
    assert (state.progress.pages, state.progress.percent) == (2, 100.0)
    assert outcome == {
        "document_id": str(document.id),
        "status": "completed",
        "pages": 2,
        "segments": 1,
        "indexed": 1,
    }
    [segment] = desk.shelf.of(document.id)
    assert segment.is_indexed
    assert segment.id in desk.shelf.keywords
    assert desk.embeddings.sent == {("use-multilingual", segment.draft.content): 1}


async def test_where_no_vectors_are_kept_a_document_is_found_by_its_words(desk: Desk) -> None:
    desk.shelf.vectors.is_unavailable = True
    document = await desk.bring(paragraphs(2))
    await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.COMPLETED
    assert len(desk.shelf.keywords) == 2


async def test_a_long_document_goes_through_in_batches(desk: Desk) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = job_for(document)
    await desk.index(document, job=job)
    assert len(await found(desk, document)) == MANY
    percentages = [percent for percent, _ in job.reports]
    assert percentages == sorted(percentages)
    assert {note for _, note in job.reports} == {"segment", "embed"}
    assert max(desk.embeddings.sent.values()) == 1


async def test_the_text_of_a_large_document_is_kept_in_parts(desk: Desk) -> None:
    document = await desk.bring("\f".join(paragraphs(4000) for _ in range(4)))
    job = job_for(document)
    job.interruptions = {2: JobTimeUp()}
    with pytest.raises(JobTimeUp):
        await desk.index(document, job=job)
    # What was put aside is not read before all of it is there.
    assert not any(key.endswith("summary") for key in desk.blobs.blobs)
    progress = (await desk.document(document.id)).state.progress
    assert progress.stage is IndexingStage.EXTRACT
    assert progress.characters > 0


async def test_text_that_was_read_once_is_not_read_again(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    await desk.index(document)
    await desk.change(document.id, "reindex", document.state.task_id)
    await desk.index(document)
    assert desk.reader.reads == 1


async def test_unchanged_segments_are_not_embedded_again(desk: Desk) -> None:
    document = await desk.bring(paragraphs(5))
    await desk.index(document)
    before = {each.id for each in desk.shelf.of(document.id)}
    await desk.change(document.id, "reindex", document.state.task_id)
    await desk.index(document)
    assert {each.id for each in desk.shelf.of(document.id)} == before
    assert max(desk.embeddings.sent.values()) == 1


async def test_another_segmentation_drops_what_is_cut_differently(desk: Desk) -> None:
    document = await desk.bring(paragraphs(8))
    await desk.index(document)
    async with desk.begin(TENANT) as work:
        knowledge = await work.knowledge.get(desk.knowledge.id)
        wider = replace(
            SETTINGS, segmentation=SegmentationSettings(max_tokens=64, overlap_tokens=0)
        )
        knowledge.configure(wider, now=LATER, by=EDITOR)
        await work.commit()
    await desk.change(document.id, "reindex", document.state.task_id)
    await desk.index(document)
    segments = desk.shelf.of(document.id)
    assert 0 < len(segments) < 8
    assert all(each.is_indexed for each in segments)
    assert desk.shelf.keywords.keys() == {each.id for each in segments}


@pytest.mark.parametrize("killed_at", range(1, 9))
async def test_a_worker_that_dies_anywhere_is_gone_on_for(desk: Desk, killed_at: int) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = job_for(document)
    job.interruptions = {killed_at: Killed()}
    with pytest.raises(Killed):
        await desk.index(document, job=job)
    await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.COMPLETED
    contents = await found(desk, document)
    assert len(contents) == len(set(contents)) == MANY
    assert repeated(desk) <= 2 * BATCH


async def test_a_worker_that_was_replaced_does_nothing_more(desk: Desk) -> None:
    document = await desk.bring(paragraphs(MANY))
    slow = job_for(document)
    slow.meanwhile = {3: lambda: desk.index(document)}
    outcome = await desk.index(document, job=slow)
    assert outcome["status"] == "completed"
    assert len(slow.reports) == 3
    assert repeated(desk) <= 2 * BATCH


@pytest.mark.parametrize("reports", [1, 3, 5])
async def test_pausing_ends_between_two_batches_and_goes_on_later(desk: Desk, reports: int) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = _changing(desk, document, reports, "pause")
    assert (await desk.index(document, job=job))["status"] == "paused"
    assert len(job.reports) == reports
    await desk.change(document.id, "resume", document.state.task_id)
    await desk.index(document)
    assert len(await found(desk, document)) == MANY
    assert repeated(desk) <= 2 * BATCH


async def test_a_document_that_is_cancelled_keeps_what_can_be_found(desk: Desk) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = _changing(desk, document, 6, "cancel")
    assert (await desk.index(document, job=job))["status"] == "cancelled"
    assert 0 < len(await found(desk, document)) < MANY


async def test_a_document_that_is_deleted_is_left_alone(desk: Desk) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = _changing(desk, document, 6, "delete")
    assert (await desk.index(document, job=job))["status"] == "deleted"


async def test_a_job_that_is_cancelled_cancels_its_document(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    job = job_for(document)
    job.interruptions = {2: JobCancelled()}
    with pytest.raises(JobCancelled):
        await desk.index(document, job=job)
    assert (await desk.document(document.id)).state.status is DocumentStatus.CANCELLED


async def test_a_job_that_is_cancelled_after_its_document_was_deleted(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    job = _changing(desk, document, 2, "delete")
    job.interruptions = {2: JobCancelled()}
    with pytest.raises(JobCancelled):
        await desk.index(document, job=job)


async def test_a_job_that_is_taken_over_changes_nothing(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    job = job_for(document)
    job.interruptions = {1: JobTakenOver()}
    with pytest.raises(JobTakenOver):
        await desk.index(document, job=job)
    assert (await desk.document(document.id)).state.status is DocumentStatus.PROCESSING


async def test_what_cannot_be_read_fails_with_the_reason(desk: Desk) -> None:
    document = await desk.bring("anything")
    desk.reader.error = DocumentUnreadable("It is no such file.")
    with pytest.raises(DocumentUnreadable):
        await desk.index(document)
    failure = (await desk.document(document.id)).state.failure
    assert failure is not None
    assert (failure.code, failure.message) == ("document_unreadable", "It is no such file.")


async def test_a_document_without_a_text_fails(desk: Desk) -> None:
    document = await desk.bring("\f \f")
    with pytest.raises(DocumentEmpty):
        await desk.index(document)
    failure = (await desk.document(document.id)).state.failure
    assert failure is not None
    assert failure.code == "document_empty"


async def test_a_file_that_is_gone_fails_the_document(desk: Desk) -> None:
    document = await desk.bring("anything")
    async with desk.begin(TENANT) as work:
        file = await work.files.get(document.state.content.file_id)
        file.delete(now=NOW)
        await work.commit()
    with pytest.raises(FileNotFound):
        await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.FAILED


async def test_what_a_model_refuses_fails_and_can_be_retried(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    desk.embeddings.errors = [ModelBadRequest()]
    with pytest.raises(ModelBadRequest):
        await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.FAILED
    await desk.change(document.id, "retry", document.state.task_id)
    await desk.index(document)
    assert desk.reader.reads == 1
    assert (await desk.document(document.id)).state.status is DocumentStatus.COMPLETED


@pytest.mark.parametrize("error", [ModelUnavailable(), RuntimeError("unforeseen")])
async def test_an_outage_fails_the_document_only_with_the_last_attempt(
    desk: Desk, error: Exception
) -> None:
    document = await desk.bring(paragraphs(3))
    desk.embeddings.errors = [error, error]
    with pytest.raises(type(error)):
        await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.PROCESSING
    with pytest.raises(type(error)):
        await desk.index(document, job=job_for(document, attempt=INDEXING_ATTEMPTS))
    assert (await desk.document(document.id)).state.status is DocumentStatus.FAILED
    # Somebody tries the job itself again.
    await desk.index(document)
    assert (await desk.document(document.id)).state.status is DocumentStatus.COMPLETED


async def test_a_storage_that_is_away_is_waited_for(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    desk.files.away = True
    with pytest.raises(StorageUnavailable):
        await desk.index(document)
    desk.files.away = False
    assert (await desk.index(document))["status"] == "completed"


async def test_vectors_of_a_model_that_was_replaced_meanwhile_are_dropped(desk: Desk) -> None:
    document = await desk.bring(paragraphs(MANY))
    job = job_for(document)
    job.meanwhile = {5: lambda: _configure_other_model(desk)}
    await desk.index(document, job=job)
    assert len(await found(desk, document)) == MANY
    by_model = {model for model, _ in desk.embeddings.sent}
    assert by_model == {"use-multilingual", "text-embedding-3-small"}
    new = [text for model, text in desk.embeddings.sent if model == OTHER_MODEL.model]
    assert len(new) == MANY


async def test_a_job_without_its_document_or_knowledge_is_done(desk: Desk) -> None:
    gone = WatchedJob({"document_id": str(DocumentId(KnowledgeId(desk.knowledge.id)))})
    assert (await desk.index_document.run(gone))["status"] == "deleted"
    document = await desk.bring(paragraphs(3))
    async with desk.begin(TENANT) as work:
        knowledge = await work.knowledge.get(desk.knowledge.id)
        knowledge.delete(now=NOW, by=None)
        await work.commit()
    assert (await desk.index(document))["status"] == "pending"


async def test_what_is_at_rest_is_left_alone(desk: Desk) -> None:
    document = await desk.bring(paragraphs(3))
    await desk.index(document)
    assert (await desk.index(document))["status"] == "completed"
    assert (await desk.document(document.id)).state.round == 1


def _changing(desk: Desk, document: Document, at: int, verb: str) -> WatchedJob:
    """An attempt in the middle of which somebody does something with the document."""
    job = job_for(document)
    job.meanwhile = {at: lambda: desk.change(document.id, verb)}
    return job


async def _configure_other_model(desk: Desk) -> None:
    async with desk.begin(TENANT) as work:
        knowledge = await work.knowledge.get(desk.knowledge.id)
        knowledge.configure(replace(SETTINGS, embedding=OTHER_MODEL), now=LATER, by=EDITOR)
        await work.commit()
    # The index is emptied while the next texts are with the old model.
    desk.embeddings.on_next = lambda: desk.run(
        desk.reembed_knowledge, knowledge_id=desk.knowledge.id
    )


async def test_vectors_of_a_wrong_length_are_not_remembered(desk: Desk) -> None:
    first = await desk.bring("one")
    await desk.index(first)
    second = await desk.bring("other")
    desk.embeddings.length = 5

    with pytest.raises(VectorDimensionMismatch):
        await desk.index(second)

    assert desk.embeddings.forgotten == ["other"]
