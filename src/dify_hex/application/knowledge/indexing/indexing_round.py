"""One worker's go at one document: what it works on, and how it learns that it is not wanted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.jobs import RunningJob
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.knowledge.document import Document
from dify_hex.domain.knowledge.indexing import IndexingProgress
from dify_hex.domain.knowledge.settings import SegmentationSettings


class NoLongerWanted(Exception):
    """The document was paused, cancelled, deleted or taken on by another worker."""


class IndexingRound:
    """What is worked on, as it was when the round began, and how far it has come since."""

    def __init__(
        self,
        *,
        begin: BeginWork[KnowledgeWork],
        job: RunningJob,
        document: Document,
        segmentation: SegmentationSettings,
    ) -> None:
        self.begin = begin
        self.job = job
        self.document = document
        self.segmentation = segmentation
        self.progress: IndexingProgress = document.state.progress

    @property
    def number(self) -> int:
        """Which round it is."""
        return self.document.state.round

    @asynccontextmanager
    async def step(self) -> AsyncIterator[KnowledgeWork]:
        """A transaction that is committed at its end, with the progress as it is at its beginning.

        The document is held throughout: nobody pauses, cancels or deletes it in between.

        Raises:
            NoLongerWanted: nothing more may be done, and nothing of this step was kept.
        """
        async with self.begin(self.document.tenant_id) as work:
            if not await work.documents.report(self.document.id, self.number, self.progress):
                raise NoLongerWanted
            yield work
            await work.commit()

    async def tell(self) -> None:
        """Tell the owner of the job how far it is.

        Raises:
            JobInterrupted: the job has to end.
        """
        await self.job.report(self.progress.percent, self.progress.stage.value)

    async def report(self) -> None:
        """Note how far it is, and tell the owner of the job.

        Raises:
            NoLongerWanted: nothing more may be done.
            JobInterrupted: the job has to end.
        """
        async with self.step():
            pass
        await self.tell()
