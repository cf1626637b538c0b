"""Trying out how a document would be cut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from dify_hex.application.file.access import require_access
from dify_hex.application.file.ports import FileStorage
from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.application.knowledge.work import KnowledgeWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.file import File
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.errors import DocumentTextEmpty, KnowledgeSettingsInvalid
from dify_hex.domain.knowledge.reading_errors import DocumentTooComplex
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.knowledge.segmentation.segmenter import Segmenter
from dify_hex.domain.knowledge.segmentation.unit import Measure
from dify_hex.domain.knowledge.settings import SegmentationSettings
from dify_hex.domain.shared.ids import FileId, KnowledgeId

MAX_SHOWN = 50
#: Characters of the beginning that are cut, and seconds for all of it: somebody is waiting.
MAX_CHARACTERS = 1_000_000
MAX_SECONDS = 60.0
#: Seconds beside them to wait for a place to read it in.
MAX_WAITING = 20.0


@dataclass(frozen=True, slots=True)
class PreviewedText:
    """A text as it stands in the request."""

    text: str


@dataclass(frozen=True, slots=True)
class PreviewedFile:
    """A file that was handed in."""

    file_id: FileId


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSegmentsCommand:
    """What to cut for which Knowledge, by its own settings or by these, and how much to show."""

    knowledge_id: KnowledgeId
    source: PreviewedText | PreviewedFile
    segmentation: SegmentationSettings | None = None
    limit: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewedSegments:
    """The first segments, and how many there are in all.

    When `is_estimate`, only the beginning was cut, and `total` follows from its share of the file.
    """

    segments: Sequence[SegmentDraft]
    total: int
    is_estimate: bool


class PreviewSegments:
    """Cuts the beginning of a document, and keeps nothing of it.

    - Who may add documents to a Knowledge may try out how they would be cut.
    - What is said in place of its settings counts for this time only.
    - Waiting for a place to read it in is bounded, too, and no fault of the document's.
    - A file of another app or of an end user's does not exist for others.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[KnowledgeWork],
        clock: Clock,
        files: FileStorage,
        reader: DocumentReader,
        measure: Measure,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._files = files
        self._reader = reader
        self._measure = measure

    async def execute(self, actor: Actor, command: PreviewSegmentsCommand) -> PreviewedSegments:
        """Cut it.

        Raises:
            KnowledgeNotFound: there is no such Knowledge.
            KnowledgeSettingsInvalid: with everything that is out of range.
            DocumentTextEmpty: there is nothing in the text.
            FileNotFound, FileExpired: there is no such file, or not any more.
            DocumentUnreadable, DocumentReaderUnavailable: the file cannot be read.
            DocumentReadersBusy: there is no place to read it in.
        """
        actor.require(Permission.KNOWLEDGE_WRITE)
        async with self._begin(actor.tenant_id) as work:
            knowledge = await work.knowledge.get(command.knowledge_id)
        segmentation = command.segmentation or knowledge.state.settings.segmentation
        faults = list(segmentation.faults("segmentation"))
        if faults:
            raise KnowledgeSettingsInvalid(faults)
        beginning = _Beginning(Segmenter(segmentation, self._measure))
        source = await self._source(actor, command.source, beginning)
        try:
            async with asyncio.timeout(MAX_WAITING + MAX_SECONDS) as limit:
                await self._cut(source, beginning, limit)
        except TimeoutError:
            raise DocumentTooComplex from None
        return beginning.outcome(source.size, command.limit)

    async def _cut(
        self, source: DocumentSource, beginning: "_Beginning", limit: asyncio.Timeout
    ) -> None:
        begun = False
        async with aclosing(self._reader.read(source)) as batches:
            async for blocks in batches:
                if not begun:
                    # From here on it is the document that takes the time.
                    limit.reschedule(asyncio.get_running_loop().time() + MAX_SECONDS)
                    begun = True
                if not await asyncio.to_thread(beginning.take, blocks):
                    return
        await asyncio.to_thread(beginning.finish)

    async def _source(
        self, actor: Actor, wanted: PreviewedText | PreviewedFile, beginning: "_Beginning"
    ) -> DocumentSource:
        if isinstance(wanted, PreviewedText):
            if not wanted.text.strip():
                raise DocumentTextEmpty
            content = wanted.text.encode()

            async def whole() -> AsyncIterator[bytes]:
                return beginning.counted(_once(content))

            return DocumentSource(
                tenant_id=actor.tenant_id,
                name="text.txt",
                media_type="text/plain",
                size=len(content),
                open=whole,
                patience=MAX_WAITING,
            )
        file = await self._file(actor, wanted.file_id)
        stored = file.require_available(now=self._clock.now())

        async def opened() -> AsyncIterator[bytes]:
            return beginning.counted(await self._files.open(file.key))

        return DocumentSource(
            tenant_id=actor.tenant_id,
            name=file.name,
            media_type=file.type.media_type,
            size=stored.size,
            open=opened,
            patience=MAX_WAITING,
        )

    async def _file(self, actor: Actor, file_id: FileId) -> File:
        async with self._begin(actor.tenant_id) as work:
            file = await work.files.get(file_id)
        require_access(actor, Permission.KNOWLEDGE_WRITE, file, user=None)
        return file


class _Beginning:
    """The part of a document that was cut, and its share of the whole."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._segments: list[SegmentDraft] = []
        self._characters = 0
        self._handed_over = 0
        self._is_whole = False

    async def counted(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces of the file; a reader that opens it again begins to count again."""
        self._handed_over = 0
        async for piece in pieces:
            self._handed_over += len(piece)
            yield piece

    def take(self, blocks: Sequence[Block]) -> bool:
        """Cut some more; whether there is room for another batch."""
        self._segments += self._segmenter.feed(blocks)
        self._characters += sum(len(block.text) for block in blocks)
        return self._characters < MAX_CHARACTERS

    def finish(self) -> None:
        """That was all."""
        self._segments += self._segmenter.finish()
        self._is_whole = True

    def outcome(self, size: int, limit: int) -> PreviewedSegments:
        """What to show of it."""
        total = len(self._segments)
        if not self._is_whole and self._handed_over:
            total = max(total, round(total * size / self._handed_over))
        return PreviewedSegments(
            segments=self._segments[:limit], total=total, is_estimate=not self._is_whole
        )


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
