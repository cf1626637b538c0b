"""Writes rows of cells as Markdown tables, and reads them out of separated values."""

import csv
import re
from collections.abc import Iterator, Sequence

from dify_hex.adapters.extraction.text.splitters import (
    LARGEST_BLOCK,
    LONGEST_HEAD,
    TextSplitter,
    bounded,
)
from dify_hex.domain.knowledge.block import Block, BlockKind

_LINE_END = re.compile(r"\s*\n\s*")
#: A quoted cell that goes on for longer than this was not meant as one.
_LONGEST_RECORD = 64_000
_DELIMITERS = (",", ";", "\t", "|")


class TableWriter:
    """Collects rows and gives tables, none larger than a block should be.

    Each has the head, as long as that takes little of it; a longer one stands over the first rows.
    """

    def __init__(self, page: int | None = None) -> None:
        self._page = page
        self._head: list[str] = []
        self._has_head = False
        self._rows: list[str] = []
        self._size = 0

    def add(self, cells: Sequence[str]) -> Iterator[Block]:
        """A row; the first one is the head. Rows without any text are left out."""
        if not any(cell.strip() for cell in cells):
            return
        row = _row(cells)
        if not self._has_head:
            self._has_head = True
            self._begin(row, len(cells))
            return
        if self._rows and self._size + len(row) > LARGEST_BLOCK:
            yield from self._flush()
        self._rows.append(row)
        self._size += len(row) + 1

    def finish(self) -> Iterator[Block]:
        """The last table; a head alone is one, too."""
        if self._rows or self._head:
            yield from self._flush()

    def _begin(self, head: str, columns: int) -> None:
        rule = "|" + " --- |" * columns
        size = len(head) + len(rule)
        if size <= LONGEST_HEAD:
            self._head = [head, rule]
            return
        # What no block can hold is no table to anybody: a rule would only make it longer.
        self._rows = [head, rule] if size <= LARGEST_BLOCK else [head]
        self._size = sum(len(row) + 1 for row in self._rows)

    def _flush(self) -> Iterator[Block]:
        rows, self._rows, self._size = self._rows, [], 0
        text = "\n".join([*self._head, *rows])
        if len(text) <= 2 * LARGEST_BLOCK:
            yield Block(kind=BlockKind.TABLE, text=text, page=self._page)
            return
        # A single row of this size is a text in a cell.
        for piece in bounded(text):
            yield Block(kind=BlockKind.PARAGRAPH, text=piece, page=self._page)


class SeparatedValuesSplitter(TextSplitter):
    """Reads comma- or tab-separated values record by record."""

    def __init__(self, delimiter: str = "") -> None:
        self._delimiter = delimiter
        self._left = ""
        self._record = ""
        self._table = TableWriter()

    def feed(self, text: str) -> Iterator[Block]:
        """Tables of what is complete."""
        *lines, self._left = (self._left + text).split("\n")
        for line in lines:
            yield from self._take(line)
        if len(self._left) > _LONGEST_RECORD:
            yield from self._take(self._left)
            self._left = ""

    def finish(self) -> Iterator[Block]:
        """The last table."""
        yield from self._take(self._left)
        if self._record:
            yield from self._add(self._record)
        yield from self._table.finish()

    def _take(self, line: str) -> Iterator[Block]:
        record = f"{self._record}\n{line}" if self._record else line
        if record.count('"') % 2 and len(record) <= _LONGEST_RECORD:
            # A quoted cell goes on in the next line.
            self._record = record
            return
        self._record = ""
        yield from self._add(record)

    def _add(self, record: str) -> Iterator[Block]:
        if not record.strip():
            return
        if not self._delimiter:
            self._delimiter = max(_DELIMITERS, key=record.count)
        yield from self._table.add(_cells(record, self._delimiter))


def _cells(record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([record], delimiter=delimiter), [])
    except csv.Error:
        return record.split(delimiter)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    return _LINE_END.sub(" ", text.strip()).replace("|", "\\|")
