"""A segment before it is stored: a part of a document that can be found by itself."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDraft:
    """A smaller part of a segment: it is what is searched, its parent what is given."""

    content: str
    content_hash: bytes
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDraft:
    """A part of a document.

    `position` counts from 1 in the document. `content_hash` is the SHA-256 of the content together
    with the headings; `occurrence` says how many segments of the same hash came before it in the
    document. Pages count from 1; `headings` is the path to it, the outermost first.
    """

    position: int
    content: str
    content_hash: bytes
    occurrence: int
    tokens: int
    first_page: int | None = None
    last_page: int | None = None
    headings: tuple[str, ...] = ()
    children: tuple[ChildDraft, ...] = ()


def searched_text(headings: Sequence[str], content: str) -> str:
    """What is embedded and searched of a segment: its content below the headings it stands under.

    A heading that the content begins with already is not said twice.
    """
    above = [heading for heading in headings if heading not in content.partition("\n\n")[0]]
    return "\n".join((*above, content))
