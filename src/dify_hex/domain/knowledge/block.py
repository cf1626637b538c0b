"""What is read out of a document: its text in blocks, in order, with what is known of each."""

from dataclasses import dataclass
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block is in its document."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of text that belongs together; a table is Markdown.

    `page` counts from 1 and is None where the source has no pages. `level` is that of a heading,
    from 1 to 6, and 0 for everything else.
    """

    kind: BlockKind
    text: str
    page: int | None = None
    level: int = 0
