"""A document that was cancelled goes on when its task is retried, and only then."""

import pytest

from dify_hex.application.knowledge.job_requests import index_document
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobCancelled
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingFailure
from dify_hex.domain.shared.ids import TaskId
from tests.builders.knowledge import NOW, TENANT, Desk, job_for

FAILURE = IndexingFailure(code="some_error", message="No.")


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


@pytest.mark.parametrize("is_retried", [True, False])
async def test_a_cancelled_document_goes_on_only_when_its_task_was_retried(
    desk: Desk, is_retried: bool
) -> None:
    document = await desk.bring("Lamps are lit.")
    job = job_for(document)
    async with desk.begin(TENANT) as work:
        job.task_id = await work.jobs.enqueue(index_document(document.id, by=None), now=NOW)
        if not is_retried:
            await work.jobs.cancel(job.task_id, now=NOW)
        await work.commit()
    await desk.change(document.id, "fail", FAILURE)
    await desk.change(document.id, "retry", job.task_id)
    await desk.change(document.id, "cancel")
    expected = "completed" if is_retried else "cancelled"
    assert (await desk.index(document, job=job))["status"] == expected


async def test_the_task_of_another_attempt_does_not_bring_back_what_was_cancelled(
    desk: Desk,
) -> None:
    document = await desk.bring("Lamps are lit.")
    old = job_for(document)
    await desk.change(document.id, "fail", FAILURE)
    await desk.change(document.id, "retry", TaskId(new_id()))
    await desk.change(document.id, "cancel")

    assert (await desk.index(document, job=old))["status"] == "cancelled"


@pytest.mark.parametrize("verbs", [[], ["fail"], ["begin"], ["pause"]])
async def test_an_old_task_leaves_the_document_to_its_newer_one(
    desk: Desk, verbs: list[str]
) -> None:
    document = await desk.bring("Lamps are lit.")
    old = job_for(document)
    await desk.change(document.id, "fail", FAILURE)
    newer = TaskId(new_id())
    await desk.change(document.id, "retry", newer)
    for verb in verbs:
        await desk.change(document.id, verb, *([FAILURE] if verb == "fail" else []))
    before = (await desk.document(document.id)).state

    answer = await desk.index(document, job=old)

    assert answer["status"] == before.status.value
    assert (await desk.document(document.id)).state == before


async def test_a_task_that_is_replaced_on_its_way_does_not_end_the_document(desk: Desk) -> None:
    document = await desk.bring("Lamps are lit.")
    job = job_for(document)
    newer = TaskId(new_id())

    async def replaced() -> None:
        await desk.change(document.id, "pause")
        await desk.change(document.id, "resume", newer)

    job.meanwhile = {1: replaced}
    job.interruptions = {1: JobCancelled()}
    with pytest.raises(JobCancelled):
        await desk.index(document, job=job)

    state = (await desk.document(document.id)).state
    assert (state.status, state.task_id) == (DocumentStatus.PENDING, newer)
    assert (await desk.index(document))["status"] == "completed"
