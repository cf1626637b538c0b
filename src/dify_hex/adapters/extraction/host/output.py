"""The blocks on their way out of the host: lines of JSON, each of bounded size."""

import json
import os
import re
from collections.abc import Iterable

from dify_hex.adapters.extraction.text.splitters import LARGEST_BLOCK, bounded
from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import UnreadableReason
from dify_hex.domain.shared.visible_text import shows_something

#: Characters after which a line is sent.
_LINE = 16_000
_WHITE_SPACE = re.compile(r"\s+")


class BlockWriter:
    """Writes blocks to a descriptor, and at last how it ended."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: list[list[str | int | None]] = []
        self._size = 0
        self._any_text = False

    def write(self, blocks: Iterable[Block]) -> None:
        """Send the blocks, the larger ones in parts."""
        for block in blocks:
            if not shows_something(block.text):
                continue
            self._any_text = True
            for piece in _parts(block):
                self._waiting.append([block.kind.value, piece, block.page, block.level])
                self._size += len(piece) + 20
                if self._size >= _LINE:
                    self._flush()

    def end(self) -> None:
        """Everything has been said."""
        self._flush()
        self._send({} if self._any_text else {"refused": UnreadableReason.NO_TEXT.value})

    def refuse(self, reason: UnreadableReason) -> None:
        """The document cannot be read."""
        self._send({"refused": reason.value})

    def _flush(self) -> None:
        if self._waiting:
            self._send({"blocks": self._waiting})
            self._waiting, self._size = [], 0

    def _send(self, message: dict[str, object]) -> None:
        # What is no character of Unicode cannot be sent.
        data = memoryview(
            json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        )
        while data:
            data = data[os.write(self._descriptor, data) :]


def _parts(block: Block) -> list[str]:
    if block.kind is BlockKind.HEADING:
        return [_WHITE_SPACE.sub(" ", block.text).strip()[:LARGEST_BLOCK]]
    # A table has been cut between its rows before.
    return [block.text] if len(block.text) <= 2 * LARGEST_BLOCK else bounded(block.text)
