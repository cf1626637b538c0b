"""What follows when the job that indexes a document ends before the document does."""

from typing import ClassVar

from dify_hex.application.knowledge.job_requests import INDEX_DOCUMENT
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.outbox import EventHandler
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.knowledge.indexing import IndexingFailure
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import EventId
from dify_hex.domain.task.events import TaskFailed
from dify_hex.domain.task.task import CANCELLED


class EndAbandonedIndexing(EventHandler):
    """Ends the indexing of a document whose job was cancelled, or was given up.

    - A job that fails by itself has told its document before; one whose workers were all killed,
      or that was cancelled before it began, has not.
    - A document that has another job by now is left alone, and so is one whose job was retried
      since, and one that is at its end: doing it twice is doing it once.
    """

    handler_name: ClassVar[str] = "end_abandoned_indexing"
    event_types: ClassVar[tuple[type[DomainEvent], ...]] = (TaskFailed,)

    def __init__(self, *, begin: BeginWork[KnowledgeWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def handle(
        self,
        event_id: EventId,  # noqa: ARG002 - only those who must not act twice need it
        event: DomainEvent,
    ) -> None:
        """End it."""
        if not isinstance(event, TaskFailed) or event.kind != INDEX_DOCUMENT:
            return
        now = self._clock.now()
        async with self._begin(event.tenant_id) as work:
            document = await work.documents.find_by_task(event.task_id)
            if document is None or not document.state.status.is_in_progress:
                return
            if await work.jobs.is_wanted(event.task_id):
                return
            if event.error_code == CANCELLED:
                document.cancel(now=now)
            else:
                document.fail(IndexingFailure(code=event.error_code, message=_GIVEN_UP), now=now)
            await work.commit()


_GIVEN_UP = "The job that indexed the document was given up."
