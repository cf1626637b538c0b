"""Citations as they are stored with messages."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from dify_hex.domain.shared.values.citation import Citation

_CITATIONS = TypeAdapter(tuple[Citation, ...])


def citations_to_json(citations: Sequence[Citation]) -> str | None:
    """The citations as JSON text; None for none."""
    return _CITATIONS.dump_json(tuple(citations)).decode() if citations else None


def citations_to_domain(tree: object) -> tuple[Citation, ...]:
    """The citations that are stored as a JSON tree."""
    return _CITATIONS.validate_python(tree)
