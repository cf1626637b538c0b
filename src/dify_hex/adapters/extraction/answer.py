"""What the host says, held against what it may say: a hostile document may speak in its place."""

import json
from collections.abc import Sequence

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.reading_errors import UNREADABLE, DocumentBroken, UnreadableReason

_LONGEST_TEXT = 40_000
_MOST_PAGES = 1_000_000
_KINDS = frozenset(BlockKind)


def blocks_in(line: bytes) -> Sequence[Block] | None:
    """The blocks of one line; None when it says that this was all.

    Raises:
        DocumentUnreadable: it says so, or it is no line of the host.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise DocumentBroken from None
    match message:
        case {"blocks": list(entries)}:
            return [_block(entry) for entry in entries]
        case {"refused": str(reason)} if reason in UNREADABLE:
            raise UNREADABLE[UnreadableReason(reason)]
        case {**nothing} if not nothing:
            return None
        case _:
            raise DocumentBroken


def _block(entry: object) -> Block:
    match entry:
        case [str(kind), str(text), int() | None as page, int(level)] if (
            kind in _KINDS
            and len(text) <= _LONGEST_TEXT
            and (page is None or 0 < page <= _MOST_PAGES)
            and 0 <= level <= 6
        ):
            return Block(kind=BlockKind(kind), text=text, page=page, level=level)
        case _:
            raise DocumentBroken
