"""Cut a text into blocks while it comes in; no block is larger than a bound."""

import re
from collections.abc import Iterator
from typing import Protocol

from dify_hex.adapters.extraction.text.readable_json import readable
from dify_hex.domain.knowledge.block import Block, BlockKind

#: Characters; a block that would be larger is cut at a line's end, a space, or anywhere.
LARGEST_BLOCK = 8_000
#: Characters that the head of a table may have to be repeated over each part of it.
LONGEST_HEAD = LARGEST_BLOCK // 4
#: A JSON text up to this length is written anew, readable; a longer one is taken as it is.
_READABLE_JSON = 2_000_000
_EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_EMPTY_LINES_BEFORE = re.compile(r"(?:[^\S\n]*\n)+")


class TextSplitter(Protocol):
    """Takes a text in pieces and gives blocks; line ends are those of Unix."""

    def feed(self, text: str) -> Iterator[Block]:
        """The blocks that are complete now."""
        ...

    def finish(self) -> Iterator[Block]:
        """What is left."""
        ...


class ParagraphSplitter(TextSplitter):
    """Cuts at empty lines."""

    def __init__(self, kind: BlockKind = BlockKind.PARAGRAPH) -> None:
        self._kind = kind
        self._left = ""

    def feed(self, text: str) -> Iterator[Block]:
        """Every paragraph but the last, which may go on."""
        waiting = self._left + text
        before = _EMPTY_LINES_BEFORE.match(waiting)
        *paragraphs, left = _EMPTY_LINES.split(waiting[before.end() :] if before else waiting)
        for paragraph in paragraphs:
            yield from blocks_of(paragraph, self._kind)
        *whole, self._left = bounded(left)
        for piece in whole:
            yield Block(kind=self._kind, text=piece)

    def finish(self) -> Iterator[Block]:
        """The last one."""
        yield from blocks_of(self._left, self._kind)


class JsonSplitter(TextSplitter):
    """Writes JSON so that it can be read: one value a line, no characters in escapes.

    What is too long for that, too deep, or no JSON, stays as it is.
    """

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._length = 0
        self._plain: ParagraphSplitter | None = None

    def feed(self, text: str) -> Iterator[Block]:
        """Nothing, until it is known to be too long."""
        if self._plain is None:
            self._kept.append(text)
            self._length += len(text)
            if self._length <= _READABLE_JSON:
                return
            self._plain = ParagraphSplitter(BlockKind.CODE)
            text = "".join(self._kept)
            self._kept.clear()
        yield from self._plain.feed(text)

    def finish(self) -> Iterator[Block]:
        """All of it, or the rest."""
        if self._plain is None:
            self._plain = ParagraphSplitter(BlockKind.CODE)
            text = "".join(self._kept)
            self._kept.clear()
            for piece in readable(text):
                yield from self._plain.feed(piece)
        yield from self._plain.finish()


def blocks_of(text: str, kind: BlockKind) -> Iterator[Block]:
    """The text in blocks that are not too large."""
    if not text or text.isspace():
        return
    for piece in bounded(text):
        yield Block(kind=kind, text=piece)


def bounded(text: str) -> list[str]:
    """The text in pieces, cut at the last line's end or space that is near enough."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > LARGEST_BLOCK:
        end = start + LARGEST_BLOCK
        nearest = max(text.rfind("\n", start, end), start)
        if nearest < start + LARGEST_BLOCK // 2:
            nearest = max(text.rfind(mark, start, end) for mark in (" ", "。", "，"))
        cut = nearest + 1 if nearest >= start + LARGEST_BLOCK // 2 else end
        pieces.append(text[start:cut])
        start = cut
    return [*pieces, text[start:]]
