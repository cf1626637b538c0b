"""A document does not wait for a job that is over."""

import pytest

from dify_hex.application.knowledge.job_requests import index_document
from dify_hex.application.knowledge.on_task_failed import EndAbandonedIndexing
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingFailure
from dify_hex.domain.shared.ids import EventId, TaskId
from dify_hex.domain.task.events import TaskFailed
from tests.builders.knowledge import NOW, TENANT, Desk


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.open()
    return desk


async def tell(
    desk: Desk,
    task_id: TaskId | None,
    *,
    error_code: str = "task_lost",
    kind: str = "index_document",
) -> None:
    assert task_id is not None
    event = TaskFailed(
        tenant_id=TENANT,
        occurred_at=NOW,
        task_id=task_id,
        kind=kind,
        key=None,
        error_code=error_code,
        dead=True,
    )
    handler = EndAbandonedIndexing(begin=desk.begin, clock=desk.clock)
    await handler.handle(EventId(new_id()), event)


async def status(desk: Desk, document: Document) -> DocumentStatus:
    return (await desk.document(document.id)).state.status


async def test_a_job_that_was_given_up_fails_its_document(desk: Desk) -> None:
    document = await desk.bring("Something.")
    await tell(desk, document.state.task_id)
    state = (await desk.document(document.id)).state
    assert state.failure is not None
    assert (state.status, state.failure.code) == (DocumentStatus.FAILED, "task_lost")
    await tell(desk, document.state.task_id)


async def test_a_job_that_was_cancelled_cancels_its_document(desk: Desk) -> None:
    document = await desk.bring("Something.")
    await tell(desk, document.state.task_id, error_code="task_cancelled")
    assert await status(desk, document) is DocumentStatus.CANCELLED


async def test_a_document_whose_job_was_retried_since_goes_on(desk: Desk) -> None:
    document = await desk.bring("Something.")
    async with desk.begin(TENANT) as work:
        task_id = await work.jobs.enqueue(index_document(document.id, by=None), now=NOW)
        await work.commit()
    await desk.change(document.id, "fail", IndexingFailure(code="some_error", message="No."))
    await desk.change(document.id, "retry", task_id)
    await tell(desk, task_id, error_code="task_cancelled")
    assert await status(desk, document) is DocumentStatus.PENDING


async def test_a_document_that_has_another_job_goes_on(desk: Desk) -> None:
    document = await desk.bring("Something.")
    await tell(desk, TaskId(new_id()))
    await tell(desk, document.state.task_id, kind="something_else")
    assert await status(desk, document) is DocumentStatus.PENDING
