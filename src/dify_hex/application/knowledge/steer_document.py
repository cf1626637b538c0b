"""Steering a document: whether it is found, and how it comes into the index."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from dify_hex.application.knowledge.job_requests import index_document
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.shared.errors import NotFound
from dify_hex.domain.shared.ids import DocumentId


class DocumentAction(StrEnum):
    """What can be asked of a document."""

    ENABLE = "enable"
    DISABLE = "disable"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"
    REINDEX = "reindex"


@dataclass(frozen=True, slots=True, kw_only=True)
class SteerDocumentCommand:
    """What is asked of which document."""

    document_id: DocumentId
    action: DocumentAction


class SteerDocument:
    """Does to a document what its owners ask for.

    - A disabled document is kept as it is, and not found.
    - Indexing that is paused or cancelled ends between two batches; what can be found stays so.
    - What was paused, has failed or was cancelled goes on with the stage at which it stands.
    - Indexing anew reads and cuts with the settings of today; unchanged segments keep their ids and
      are not embedded again.
    """

    def __init__(self, *, begin: BeginWork[KnowledgeWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: SteerDocumentCommand) -> None:
        """Do it.

        Raises:
            DocumentNotFound: there is none.
            DocumentNotInProgress: there is nothing to pause or to cancel.
            DocumentInProgress: it is being indexed already.
            DocumentNotPaused: it cannot be resumed.
            DocumentNotFailed: it cannot be retried.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        now, by = self._clock.now(), actor.caller_id
        async with self._begin(actor.tenant_id) as work:
            # Its worker may change it at any moment, and nobody who steers wants to hear of that.
            document = await work.documents.hold(command.document_id)
            match command.action:
                case DocumentAction.ENABLE | DocumentAction.DISABLE as action:
                    document.set_enabled(action is DocumentAction.ENABLE, now=now, by=by)
                case DocumentAction.PAUSE:
                    document.pause(now=now)
                case DocumentAction.CANCEL:
                    await self._cancel(work, document, now)
                case DocumentAction.RESUME | DocumentAction.RETRY | DocumentAction.REINDEX:
                    await self._begin_again(work, document, command.action, now, by)
            await work.commit()

    @staticmethod
    async def _cancel(work: KnowledgeWork, document: Document, now: datetime) -> None:
        document.cancel(now=now)
        task_id = document.state.task_id
        if task_id is not None:
            # Tasks that are over are swept away after a while.
            with suppress(NotFound):
                await work.jobs.cancel(task_id, now=now)

    @staticmethod
    async def _begin_again(
        work: KnowledgeWork,
        document: Document,
        action: DocumentAction,
        now: datetime,
        by: UUID | None,
    ) -> None:
        task_id = await work.jobs.enqueue(index_document(document.id, by=by), now=now)
        match action:
            case DocumentAction.RESUME:
                document.resume(task_id, now=now)
            case DocumentAction.RETRY:
                document.retry(task_id, now=now)
            case _:
                document.reindex(task_id, now=now)
