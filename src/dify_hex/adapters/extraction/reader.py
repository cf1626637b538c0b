"""Reads documents: what is text in pieces, everything else by a child process behind walls."""

import asyncio
import codecs
import io
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from dify_hex.adapters.extraction.child import ReadingChild
from dify_hex.adapters.extraction.formats import Format, format_of
from dify_hex.adapters.extraction.libraries import NativeLibraries
from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.text.encoding import EncodingDetector
from dify_hex.adapters.extraction.text.markdown import MarkdownSplitter
from dify_hex.adapters.extraction.text.splitters import (
    JsonSplitter,
    ParagraphSplitter,
    TextSplitter,
)
from dify_hex.adapters.extraction.text.tables import SeparatedValuesSplitter
from dify_hex.application.knowledge.ports import DocumentReader, DocumentSource
from dify_hex.domain.file.sniffing import HEAD_BYTES
from dify_hex.domain.knowledge.block import Block, BlockKind
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
        self._children = asyncio.Semaphore(limits.children)
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
        text = _Text(encoding, _splitter(kind))
        any_text = False
        async for piece in _pieces(source, self._limits.streamed_bytes):
            blocks = await asyncio.to_thread(text.feed, piece)
            if blocks:
                any_text = True
                yield blocks
        blocks = await asyncio.to_thread(text.finish)
        if blocks:
            yield blocks
        elif not any_text:
            raise DocumentEmpty

    async def _read_whole(
        self, source: DocumentSource, kind: Format
    ) -> AsyncGenerator[Sequence[Block], None]:
        async with self._children:
            libraries = await self._libraries.folder() if kind is Format.PDF else None
            child = await ReadingChild.begin(kind, self._limits, libraries)
            try:
                await child.give(_pieces(source, self._limits.whole_bytes))
                async with aclosing(child.blocks()) as batches:
                    async for batch in batches:
                        yield batch
            finally:
                await child.end()


class _Text:
    """A text on its way from bytes to blocks."""

    def __init__(self, encoding: str, splitter: TextSplitter) -> None:
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._splitter = splitter

    def feed(self, piece: bytes) -> list[Block]:
        """The blocks that are complete with this piece."""
        return list(self._splitter.feed(self._decoder.decode(piece)))

    def finish(self) -> list[Block]:
        """All that is left."""
        last = list(self._splitter.feed(self._decoder.decode(b"", final=True)))
        return [*last, *self._splitter.finish()]


def _splitter(kind: Format) -> TextSplitter:
    match kind:
        case Format.MARKDOWN:
            return MarkdownSplitter()
        case Format.CSV:
            return SeparatedValuesSplitter()
        case Format.TSV:
            return SeparatedValuesSplitter("\t")
        case Format.JSON:
            return JsonSplitter()
        case Format.CODE:
            return ParagraphSplitter(BlockKind.CODE)
        case _:
            return ParagraphSplitter()


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
