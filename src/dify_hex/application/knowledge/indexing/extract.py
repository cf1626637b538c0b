"""The first stage: reading the text out of a document's file."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

from dify_hex.application.file.ports import FileStorage
from dify_hex.application.knowledge.indexing.extracted_text import (
    ExtractedText,
    TextSummary,
    storage_prefix,
)
from dify_hex.application.knowledge.indexing.indexing_round import IndexingRound, NoLongerWanted
from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.application.shared.blob_storage import BlobStorage
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.jobs import JobInterrupted
from dify_hex.domain.file.file import File
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.indexing import IndexingStage
from dify_hex.domain.knowledge.reading_errors import DocumentEmpty


class Extract:
    """Leaves the text of the document in the storage.

    Text that is there already, from an earlier round with the same file, is not read again. Memory
    is that of one part. Whoever learns that the document was deleted takes away what was written:
    it may have come after all else of it was removed.
    """

    def __init__(
        self, *, reader: DocumentReader, files: FileStorage, blobs: BlobStorage, clock: Clock
    ) -> None:
        self._reader = reader
        self._files = files
        self._blobs = blobs
        self._clock = clock

    def text_of(self, round: IndexingRound) -> ExtractedText:
        """Where the text of the document is, or will be."""
        document = round.document
        prefix = storage_prefix(document.tenant_id, document.knowledge_id, document.id)
        return ExtractedText(self._blobs, prefix=prefix, sha256=document.state.content.sha256)

    async def run(self, round: IndexingRound) -> TextSummary:
        """Read it, unless it was read before.

        Raises:
            DocumentUnreadable: it cannot be read, or there is no text in it.
            FileNotFound: the file was deleted meanwhile.
            NoLongerWanted: nothing more may be done.
            JobInterrupted: the job has to end.
            Unavailable: it cannot be read at present.
        """
        try:
            return await self._run(round)
        except (NoLongerWanted, JobInterrupted):
            await self._clear_deleted(round)
            raise

    async def _run(self, round: IndexingRound) -> TextSummary:
        text = self.text_of(round)
        summary = await text.summary() or await self._read(round, text)
        if summary.characters == 0:
            raise DocumentEmpty
        round.progress = replace(
            round.progress.entering(IndexingStage.SEGMENT),
            characters=summary.characters,
            pages=summary.pages,
        )
        await round.report()
        return summary

    async def _read(self, round: IndexingRound, text: ExtractedText) -> TextSummary:
        file = await self._file_of(round)
        size = round.document.state.content.size
        handed_over = 0

        async def opened() -> AsyncIterator[bytes]:
            return counted(await self._files.open(file.key))

        async def counted(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
            nonlocal handed_over
            async for piece in pieces:
                handed_over += len(piece)
                yield piece

        source = DocumentSource(
            tenant_id=round.document.tenant_id,
            name=file.name,
            media_type=file.type.media_type,
            size=size,
            open=opened,
        )
        writer = text.writer()
        async with aclosing(self._reader.read(source)) as batches:
            async for blocks in batches:
                if await writer.write(blocks):
                    round.progress = replace(
                        round.progress.with_share(handed_over / size),
                        characters=writer.characters,
                        pages=writer.pages,
                    )
                    await round.report()
        return await writer.finish()

    async def _clear_deleted(self, round: IndexingRound) -> None:
        document = round.document
        try:
            async with round.begin(document.tenant_id) as work:
                await work.documents.get(document.id)
        except DocumentNotFound:
            await self._blobs.delete(
                storage_prefix(document.tenant_id, document.knowledge_id, document.id)
            )

    async def _file_of(self, round: IndexingRound) -> File:
        document = round.document
        async with round.begin(document.tenant_id) as work:
            file = await work.files.get(document.state.content.file_id)
        file.require_available(now=self._clock.now())
        return file
