"""Deleting a document."""

from contextlib import suppress
from dataclasses import dataclass

from dify_hex.application.knowledge.job_requests import delete_document
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import NotFound
from dify_hex.domain.shared.ids import DocumentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocumentCommand:
    """Which one; `expected_version` None deletes whatever it is now."""

    document_id: DocumentId
    expected_version: int | None = None


class DeleteDocument:
    """Deletes a document with its segments.

    - Nobody finds it any more, and the same content can be added again, at once.
    - Segments, their places in the indexes and a file that was brought for it are removed by a job
      in the background.
    - Answers that cite it go on naming it.
    """

    def __init__(self, *, begin: BeginWork[KnowledgeWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: DeleteDocumentCommand) -> None:
        """Delete it.

        Raises:
            DocumentNotFound: there is none.
            StaleVersion: it is not as the caller has seen it.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        now = self._clock.now()
        async with self._begin(actor.tenant_id) as work:
            document = await work.documents.hold(command.document_id)
            document.expect_version(command.expected_version)
            in_progress, task_id = document.state.status.is_in_progress, document.state.task_id
            document.delete(now=now)
            if in_progress and task_id is not None:
                with suppress(NotFound):
                    await work.jobs.cancel(task_id, now=now)
            await work.jobs.enqueue(delete_document(document.id, by=actor.caller_id), now=now)
            await work.commit()
