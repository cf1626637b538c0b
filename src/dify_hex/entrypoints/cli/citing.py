"""Citations in a line each, for those who read an answer in a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ESCAPE_TO = "\N{REPLACEMENT CHARACTER}"


def cited(citations: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """`[1] report.pdf, p. 3–4 (0.82)`, for each."""
    for citation in citations:
        name = "".join(
            each if each.isprintable() else _ESCAPE_TO for each in str(citation["document_name"])
        )
        pages = _pages(citation.get("first_page"), citation.get("last_page"))
        yield f"[{citation['position']}] {name}{pages} ({citation['score']:.2f})"


def _pages(first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return f", p. {first}" if last in {None, first} else f", p. {first}\N{EN DASH}{last}"
