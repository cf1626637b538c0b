"""Which Knowledge is used, and how much each counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.fault import Fault

MAX_SOURCES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeSource:
    """A Knowledge; `weight`, above 0 and up to 1, scales the scores of its passages."""

    knowledge_id: KnowledgeId
    weight: float = 1.0


def source_faults(sources: Sequence[KnowledgeSource], path: str) -> Iterator[Fault]:
    """What keeps the Knowledge from being searched together."""
    if not 1 <= len(sources) <= MAX_SOURCES:
        yield Fault(
            code="knowledge_count", path=path, message=f"Choose from 1 to {MAX_SOURCES} Knowledge."
        )
    seen: set[KnowledgeId] = set()
    for index, source in enumerate(sources):
        if not 0 < source.weight <= 1:
            yield Fault(
                code="number_out_of_range",
                path=f"{path}[{index}].weight",
                message="Use a weight above 0 and up to 1.",
            )
        if source.knowledge_id in seen:
            yield Fault(
                code="knowledge_repeated",
                path=f"{path}[{index}].knowledge_id",
                message="Name each Knowledge once.",
            )
        seen.add(source.knowledge_id)
