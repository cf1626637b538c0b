"""A text on its way from bytes to blocks, in steps that are short whatever it holds."""

import codecs
import io
from collections.abc import Iterator

from dify_hex.adapters.extraction.formats import Format
from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.text.markdown import MarkdownSplitter
from dify_hex.adapters.extraction.text.splitters import (
    JsonSplitter,
    ParagraphSplitter,
    TextSplitter,
)
from dify_hex.adapters.extraction.text.tables import SeparatedValuesSplitter
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import DocumentExpands
from dify_hex.domain.shared.visible_text import shows_something

#: Characters of one step.
_STEP = 256 << 10


class TextStream:
    """Takes the bytes in pieces; after each one its blocks are taken out step by step.

    Whoever stops asking has stopped the work: nothing is done ahead.
    """

    def __init__(self, kind: Format, encoding: str, limits: ReadingLimits) -> None:
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
        self._splitter = _splitter(kind)
        self._limits = limits
        self._blocks: Iterator[Block] = iter(())
        self._taken_in = self._given_out = 0
        self._has_more = False
        self.has_shown_something = False

    @property
    def has_more(self) -> bool:
        """Whether there may be blocks of what was fed last."""
        return self._has_more

    def feed(self, piece: bytes) -> None:
        """The next bytes; all blocks of those before have been taken out."""
        self._taken_in += len(piece)
        self._blocks, self._has_more = self._fed(piece), True

    def finish(self) -> None:
        """There are no more."""
        self._blocks, self._has_more = self._finished(), True

    def next_blocks(self) -> list[Block]:
        """Some of the blocks, in a step that is worth a thread; blank ones are left out.

        Raises:
            DocumentExpands: the text has grown out of proportion.
        """
        step: list[Block] = []
        size = 0
        while size < _STEP:
            block = next(self._blocks, None)
            if block is None:
                self._has_more = False
                break
            size += len(block.text) + 1
            if shows_something(block.text):
                self.has_shown_something = True
                step.append(block)
        self._given_out += size
        most = max(self._limits.small_characters, self._limits.growth * self._taken_in)
        if self._given_out > most:
            raise DocumentExpands
        return step

    def _fed(self, piece: bytes) -> Iterator[Block]:
        yield from self._splitter.feed(self._decoder.decode(piece))

    def _finished(self) -> Iterator[Block]:
        yield from self._splitter.feed(self._decoder.decode(b"", final=True))
        yield from self._splitter.finish()


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
