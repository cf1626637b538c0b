"""A document that was cancelled goes on when its task is retried, and only then."""

import pytest

from dify_hex.application.knowledge.job_requests import index_document
from dify_hex.domain.knowledge.indexing import IndexingFailure
from tests.builders.knowledge import NOW, TENANT, Desk, job_for


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
    await desk.change(document.id, "fail", IndexingFailure(code="some_error", message="No."))
    await desk.change(document.id, "retry", job.task_id)
    await desk.change(document.id, "cancel")
    expected = "completed" if is_retried else "cancelled"
    assert (await desk.index(document, job=job))["status"] == expected


async def test_the_task_of_another_attempt_does_not_bring_back_what_was_cancelled(
    desk: Desk,
) -> None:
    document = await desk.bring("Lamps are lit.")
    await desk.change(document.id, "cancel")
    assert (await desk.index(document))["status"] == "cancelled"
