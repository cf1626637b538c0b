"""Reads documents: what is text in pieces, everything else by a child process behind walls."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from dify_hex.adapters.extraction.child import ReadingChild
from dify_hex.adapters.extraction.formats import Format, format_of
from dify_hex.adapters.extraction.libraries import NativeLibraries
from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.places import ReadingPlaces
from dify_hex.adapters.extraction.text.encoding import EncodingDetector
from dify_hex.adapters.extraction.text.stream import TextStream
from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.domain.file.sniffing import HEAD_BYTES
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.reading_errors import DocumentEmpty, DocumentTooLarge

#: Bytes of text that are worked on at a time, in a thread: some milliseconds.
_PIECE = 256 << 10


class IsolatedDocumentReader(DocumentReader):
    """Reads every format, each document by itself.

    Text is decoded and cut here, a quarter of a megabyte at a time. A document of any other format
    is given to a child process of its own, which holds nothing else, reaches neither files nor the
    network, and is gone when the document is read. Starting one takes about a tenth of a second
    (see docs/adr/0030): less than most documents, and no document meets what another one has left.
    """

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._places = ReadingPlaces(limits.children)
        self._libraries = NativeLibraries()

    async def read(self, source: DocumentSource) -> AsyncGenerator[Sequence[Block], None]:
        """The blocks; memory is that of a few pieces, or of the child."""
        head = await _head(source)
        if not head:
            raise DocumentEmpty
        kind = format_of(head, source.name, source.media_type)
        limit = self._limits.streamed_bytes if kind.streams else self._limits.whole_bytes
        if source.size > limit:
            raise DocumentTooLarge(limit_bytes=limit)
        batches = self._read_text(source, kind) if kind.streams else self._read_whole(source, kind)
        async with aclosing(batches):
            async for batch in batches:
                yield batch

    async def _read_text(
        self, source: DocumentSource, kind: Format
    ) -> AsyncGenerator[Sequence[Block], None]:
        detector = EncodingDetector()
        async for piece in _pieces(source, self._limits.streamed_bytes):
            await asyncio.to_thread(detector.feed, piece)
        encoding = await asyncio.to_thread(detector.encoding)
        text = TextStream(kind, encoding, self._limits)
        async for piece in _pieces(source, self._limits.streamed_bytes):
            text.feed(piece)
            while text.has_more:
                if blocks := await asyncio.to_thread(text.next_blocks):
                    yield blocks
        text.finish()
        while text.has_more:
            if blocks := await asyncio.to_thread(text.next_blocks):
                yield blocks
        if not text.has_shown_something:
            raise DocumentEmpty

    async def _read_whole(
        self, source: DocumentSource, kind: Format
    ) -> AsyncGenerator[Sequence[Block], None]:
        async with self._places.place(source.tenant_id, source.patience):
            yield ()
            libraries = await self._libraries.folder() if kind is Format.PDF else None
            child = await ReadingChild.begin(kind, self._limits, libraries)
            try:
                await child.give(_pieces(source, self._limits.whole_bytes))
                async with aclosing(child.blocks()) as batches:
                    async for batch in batches:
                        yield batch
            finally:
                await child.end()


async def _head(source: DocumentSource) -> bytes:
    head = b""
    async for piece in await source.open():
        head += piece[:HEAD_BYTES]
        if len(head) >= HEAD_BYTES:
            break
    return head[:HEAD_BYTES]


async def _pieces(source: DocumentSource, limit: int) -> AsyncIterator[bytes]:
    """The content in pieces of about the size that one step works on.

    Raises:
        DocumentTooLarge: there is more of it than was said.
    """
    total = 0
    gathered = bytearray()
    async for piece in await source.open():
        total += len(piece)
        if total > limit:
            raise DocumentTooLarge(limit_bytes=limit)
        for start in range(0, len(piece), _PIECE):
            gathered += piece[start : start + _PIECE]
            if len(gathered) >= _PIECE:
                yield bytes(gathered)
                gathered.clear()
    if gathered:
        yield bytes(gathered)
