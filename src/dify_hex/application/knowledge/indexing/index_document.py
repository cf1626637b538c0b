"""The job that brings a document into the index."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from dify_hex.application.knowledge.indexing.embed import Embed
from dify_hex.application.knowledge.indexing.extract import Extract
from dify_hex.application.knowledge.indexing.indexing_round import IndexingRound, NoLongerWanted
from dify_hex.application.knowledge.indexing.segment import Segment
from dify_hex.application.knowledge.job_requests import (
    INDEX_DOCUMENT,
    INDEXING_ATTEMPTS,
    document_of,
)
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.jobs import (
    JobCancelled,
    JobHandler,
    JobInterrupted,
    RunningJob,
)
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.errors import DocumentNotFound, KnowledgeNotFound
from dify_hex.domain.knowledge.indexing import DocumentStatus, IndexingFailure, IndexingStage
from dify_hex.domain.shared.errors import DomainError, Unavailable
from dify_hex.domain.shared.ids import DocumentId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject


class IndexDocument(JobHandler):
    """Reads, cuts and embeds a document, stage by stage.

    - It works for the document's last task only: one that is retried although the document has
      another one by now leaves it alone.
    - Every attempt is a round of its own: whoever worked on the document before is replaced, and
      notices with its next step.
    - It begins with the stage that the document has reached; within a stage, what is done already
      is found and left alone.
    - Pausing, cancelling and deleting are obeyed between two batches.
    - A document that was cancelled goes on when its task is retried: cancelling it has ended the
      task as well, so that one which is wanted all the same was asked for again since.
    - What cannot be read, and what a model refuses, fails the document with the reason; outages are
      tried again, and fail the document only with the last attempt.
    """

    kind: ClassVar[str] = INDEX_DOCUMENT

    def __init__(
        self,
        *,
        begin: BeginWork[KnowledgeWork],
        clock: Clock,
        extract: Extract,
        segment: Segment,
        embed: Embed,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._extract = extract
        self._segment = segment
        self._embed = embed

    async def run(self, job: RunningJob) -> JsonObject:
        """Bring it into the index; what became of it."""
        document_id = document_of(job.arguments)
        current = await self._begin_round(job, document_id)
        if current is None:
            return await self._outcome(job.tenant_id, document_id)
        try:
            await self._work(current)
        except (NoLongerWanted, DocumentNotFound, KnowledgeNotFound):
            pass
        except JobCancelled:
            await self._cancel(current)
            raise
        except JobInterrupted:
            raise
        except Unavailable as error:
            if job.attempt >= INDEXING_ATTEMPTS:
                await self._fail(current, IndexingFailure(code=error.code, message=error.message))
            raise
        except DomainError as error:
            await self._fail(current, IndexingFailure(code=error.code, message=error.message))
            raise
        except Exception:
            if job.attempt >= INDEXING_ATTEMPTS:
                await self._fail(current, _UNFORESEEN)
            raise
        return await self._outcome(job.tenant_id, document_id)

    async def _begin_round(self, job: RunningJob, document_id: DocumentId) -> IndexingRound | None:
        """The new round; None when there is nothing to be done, or nothing to do it with."""
        async with self._begin(job.tenant_id) as work:
            try:
                document = await work.documents.hold(document_id)
                knowledge = await work.knowledge.get(document.knowledge_id)
            except (DocumentNotFound, KnowledgeNotFound):
                return None
            now = self._clock.now()
            if document.state.task_id != job.task_id:
                return None
            if document.state.status is DocumentStatus.CANCELLED:
                if not await work.jobs.is_wanted(job.task_id):
                    return None
                document.retry(job.task_id, now=now)
            if not document.begin(now=now):
                return None
            await work.commit()
        return IndexingRound(
            begin=self._begin,
            job=job,
            document=document,
            segmentation=knowledge.state.settings.segmentation,
        )

    async def _work(self, round: IndexingRound) -> None:
        if round.progress.stage is not IndexingStage.EMBED:
            round.progress = round.progress.entering(IndexingStage.EXTRACT)
            summary = await self._extract.run(round)
            await self._segment.run(round, self._extract.text_of(round), summary)
        await self._embed.run(round)
        async with self._still_working(round) as document:
            if document is not None:
                document.complete(now=self._clock.now())

    async def _fail(self, round: IndexingRound, failure: IndexingFailure) -> None:
        async with self._still_working(round) as document:
            if document is not None:
                document.fail(failure, now=self._clock.now())

    async def _cancel(self, round: IndexingRound) -> None:
        async with self._still_working(round) as document:
            if document is not None:
                document.cancel(now=self._clock.now())

    @asynccontextmanager
    async def _still_working(self, round: IndexingRound) -> AsyncIterator[Document | None]:
        """The document, to be changed, if this round is still the one that works on it."""
        async with self._begin(round.document.tenant_id) as work:
            try:
                document = await work.documents.hold(round.document.id)
            except DocumentNotFound:
                yield None
                return
            yield document if _is_working(document, round) else None
            await work.commit()

    async def _outcome(self, tenant_id: TenantId, document_id: DocumentId) -> JsonObject:
        async with self._begin(tenant_id) as work:
            try:
                document = await work.documents.get(document_id)
            except DocumentNotFound:
                return {"document_id": str(document_id), "status": "deleted"}
        state = document.state
        return {
            "document_id": str(document_id),
            "status": state.status.value,
            "pages": state.progress.pages,
            "segments": state.progress.segments,
            "indexed": state.progress.indexed,
        }


def _is_working(document: Document, round: IndexingRound) -> bool:
    state = document.state
    is_last = state.task_id == round.job.task_id and state.round == round.number
    return is_last and state.status.is_in_progress


_UNFORESEEN = IndexingFailure(
    code=DomainError.code, message="Something went wrong here that nobody foresaw."
)
