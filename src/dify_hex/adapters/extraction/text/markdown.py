"""Cuts Markdown into headings, paragraphs, lists, tables and code, line by line."""

import re
from collections.abc import Iterator

from dify_hex.adapters.extraction.text.splitters import (
    LARGEST_BLOCK,
    LONGEST_HEAD,
    TextSplitter,
    blocks_of,
    bounded,
)
from dify_hex.domain.knowledge.block import Block, BlockKind

_HEADING = re.compile(r" {0,3}(#{1,6})(?![^ \t])")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[^`]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_OF_A_RULE = frozenset("|-: \t")
_LONGEST_HEADING = 1000


class MarkdownSplitter(TextSplitter):
    """Knows the block structure of CommonMark, and tables; what stands in a line stays in it."""

    def __init__(self) -> None:
        self._left = ""
        self._lines: list[str] = []
        self._size = 0
        self._kind = BlockKind.PARAGRAPH
        #: The fence that closes the code we are in.
        self._fence = ""
        #: The head of a table whose rows are in several blocks.
        self._head: list[str] = []

    def feed(self, text: str) -> Iterator[Block]:
        """Every block that ends in this text."""
        *lines, left = (self._left + text).split("\n")
        for line in lines:
            yield from self._take(line)
        *whole, self._left = bounded(left)
        for piece in whole:
            yield from self._take(piece)

    def finish(self) -> Iterator[Block]:
        """The last block."""
        yield from self._take(self._left)
        yield from self._end()

    def _take(self, line: str) -> Iterator[Block]:
        if self._fence:
            yield from self._take_code(line)
            return
        heading = _HEADING.match(line) if len(line) < _LONGEST_HEADING else None
        fence = _FENCE.fullmatch(line)
        if heading is not None:
            yield from self._end()
            yield from _heading(_without_closing(line[heading.end() :]), len(heading.group(1)))
        elif fence is not None:
            yield from self._end()
            self._fence, self._kind = fence.group(1), BlockKind.CODE
        elif not line.strip():
            yield from self._end()
        else:
            yield from self._take_text(line)

    def _take_code(self, line: str) -> Iterator[Block]:
        mark = line.strip()
        if len(mark) >= len(self._fence) and mark == self._fence[0] * len(mark):
            self._fence = ""
            yield from self._end()
            return
        yield from self._add(line)

    def _take_text(self, line: str) -> Iterator[Block]:
        underline = _UNDERLINE.fullmatch(line)
        if underline and len(self._lines) == 1 and self._kind is BlockKind.PARAGRAPH:
            text, self._lines = self._lines[0], []
            yield from _heading(text.strip(), 1 if "=" in line else 2)
            return
        if self._kind is BlockKind.TABLE and "|" not in line:
            yield from self._end()
        elif _ITEM.match(line) and self._kind is not BlockKind.LIST:
            yield from self._end()
            self._kind = BlockKind.LIST
        elif self._completes_head(line):
            head = [_piped(self._lines.pop()), _piped(line)]
            yield from self._end()
            self._kind = BlockKind.TABLE
            if sum(map(len, head)) <= LONGEST_HEAD:
                self._head = head
                return
            # It stands where it stood, and nowhere else.
            yield from self._add(head[0])
            line = head[1]
        yield from self._add(_piped(line) if self._kind is BlockKind.TABLE else line)

    def _completes_head(self, line: str) -> bool:
        is_rule = "-" in line and "|" in line and _OF_A_RULE.issuperset(line)
        is_text = bool(self._lines) and self._kind is BlockKind.PARAGRAPH
        return is_rule and is_text and "|" in self._lines[-1]

    def _add(self, line: str) -> Iterator[Block]:
        if self._lines and self._size + len(line) > LARGEST_BLOCK:
            yield from self._flush()
        self._lines.append(line)
        self._size += len(line) + 1

    def _flush(self) -> Iterator[Block]:
        lines, self._lines, self._size = [*self._head, *self._lines], [], 0
        text = "\n".join(lines)
        if self._kind is not BlockKind.TABLE:
            yield from blocks_of(text, self._kind)
        elif len(text) <= 2 * LARGEST_BLOCK:
            yield Block(kind=self._kind, text=text)
        else:
            # A single row of this size is a text with bars in it.
            yield from blocks_of(text, BlockKind.PARAGRAPH)

    def _end(self) -> Iterator[Block]:
        if self._lines or self._head:
            yield from self._flush()
        self._kind, self._head = BlockKind.PARAGRAPH, []


def _heading(text: str, level: int) -> Iterator[Block]:
    if text:
        yield Block(kind=BlockKind.HEADING, text=text, level=level)


def _without_closing(text: str) -> str:
    """The text of a heading without the number signs that may close it."""
    text = text.strip()
    opened = text.rstrip("#")
    return opened.rstrip() if not opened or opened[-1].isspace() else text


def _piped(line: str) -> str:
    line = line.strip()
    return line if line.startswith("|") else f"| {line.rstrip('|').rstrip()} |"
