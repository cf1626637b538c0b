"""A vector index in memory that compares every vector; it knows what documents there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

from dify_hex.application.knowledge.index_ports import (
    DocumentFilter,
    FoundSegment,
    MetadataFilter,
    VectorEntry,
    VectorIndex,
    VectorQuery,
)
from dify_hex.application.knowledge.ports import Vector
from dify_hex.domain.knowledge.metadata import Metadata
from dify_hex.domain.knowledge.segment_errors import (
    KnowledgeVectorsUnavailable,
    MetadataFilterInvalid,
    VectorDimensionMismatch,
)
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId


@dataclass(slots=True)
class KnownDocument:
    """What a search asks about a document."""

    is_enabled: bool = True
    metadata: Metadata = field(default_factory=dict)


class MemoryVectorIndex(VectorIndex):
    """Vectors by Knowledge and segment; documents that nobody made known are enabled."""

    def __init__(self) -> None:
        self.documents: dict[DocumentId, KnownDocument] = {}
        self._entries: dict[KnowledgeId, dict[SegmentId, VectorEntry]] = {}
        self._disabled: set[SegmentId] = set()
        #: As a database without the extension that keeps vectors.
        self.is_unavailable = False

    async def put(self, knowledge_id: KnowledgeId, entries: Sequence[VectorEntry]) -> None:
        """Keep the vectors."""
        if self.is_unavailable:
            raise KnowledgeVectorsUnavailable(dependency="database")
        kept = self._entries.setdefault(knowledge_id, {})
        lengths = {len(entry.vector) for entry in (*kept.values(), *entries)}
        if len(lengths) > 1:
            raise VectorDimensionMismatch(lengths=[*sorted(lengths)])
        kept.update({entry.segment_id: entry for entry in entries})

    async def set_enabled(
        self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId], enabled: bool
    ) -> None:
        """Whether searches find the segments."""
        change = self._disabled.difference_update if enabled else self._disabled.update
        change(segment_ids)

    async def remove(self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId]) -> None:
        """Forget the segments."""
        for segment_id in segment_ids:
            self._entries.get(knowledge_id, {}).pop(segment_id, None)

    async def remove_document(self, knowledge_id: KnowledgeId, document_id: DocumentId) -> None:
        """Forget the document."""
        kept = self._entries.get(knowledge_id, {})
        for entry in list(kept.values()):
            if entry.document_id == document_id:
                del kept[entry.segment_id]

    async def remove_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Forget the Knowledge."""
        self._entries.pop(knowledge_id, None)

    async def search(self, query: VectorQuery) -> Sequence[FoundSegment]:
        """Compare with everything that counts."""
        found = [
            FoundSegment(
                segment_id=entry.segment_id, score=max(0.0, _cosine(query.vector, entry.vector))
            )
            for entry in self._entries.get(query.knowledge_id, {}).values()
            if len(entry.vector) == len(query.vector)
            and entry.segment_id not in self._disabled
            and self._counts(entry.document_id, query.filter)
        ]
        return sorted(found, key=lambda each: -each.score)[: query.limit]

    def _counts(self, document_id: DocumentId, wanted: DocumentFilter) -> bool:
        document = self.documents.get(document_id, KnownDocument())
        if wanted.document_ids and document_id not in wanted.document_ids:
            return False
        met = [_meets(document.metadata, each) for each in wanted.conditions]
        return document.is_enabled and (not met or (any(met) if wanted.any_condition else all(met)))


def _meets(metadata: Metadata, condition: MetadataFilter) -> bool:
    actual, expected = metadata.get(condition.name), condition.value
    match condition.operator:
        case "is" | "=":
            return _word(actual) == _word(expected)
        case "is not" | "≠":
            return _word(actual) != _word(expected)
        case "contains":
            return isinstance(actual, str) and str(expected) in actual
        case "in":
            several = expected.split(",") if isinstance(expected, str) else expected
            return isinstance(several, list) and _word(actual) in map(_word, several)
        case ">":
            return isinstance(actual, float | int) and actual > float(str(expected))
        case "before":
            return isinstance(actual, str) and actual < str(expected)
        case "empty":
            return not actual
        case _:
            raise MetadataFilterInvalid(operator=condition.operator)


def _word(value: object) -> str | None:
    """A number as people write it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else str(value).strip()


def _cosine(one: Vector, other: Vector) -> float:
    product = sum(a * b for a, b in zip(one, other, strict=True))
    return product / sqrt(sum(a * a for a in one) * sum(b * b for b in other))
