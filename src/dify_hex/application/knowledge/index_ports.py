"""Where segments are kept, and the two ways they are found: by meaning and by words."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dify_hex.application.knowledge.ports import Vector
from dify_hex.domain.knowledge.segment import ChildDraft, SegmentDraft
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId
from dify_hex.domain.shared.values.json_value import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataFilter:
    """One condition on an entry of a document's metadata.

    `operator` is one of `domain.workflow`'s words for it (`is`, `contains`, `in`, `>` …).
    """

    name: str
    operator: str
    value: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Which documents count: all when empty; conditions hold all together, or any of them."""

    document_ids: tuple[DocumentId, ...] = ()
    conditions: tuple[MetadataFilter, ...] = ()
    any_condition: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorEntry:
    """A segment and its vector."""

    segment_id: SegmentId
    document_id: DocumentId
    vector: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorQuery:
    """What to look for in one Knowledge; disabled segments and documents are not found."""

    knowledge_id: KnowledgeId
    vector: Vector
    limit: int
    filter: DocumentFilter = field(default_factory=DocumentFilter)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSegment:
    """A segment that was found; a cosine likeness from 0 to 1, or a BM25 score of at least 0."""

    segment_id: SegmentId
    score: float


class VectorIndex(Protocol):
    """Finds segments by the likeness of vectors; its conformance suite holds for every store.

    A store that takes part in the unit of work keeps its entries in the same transaction.
    """

    @abstractmethod
    async def put(self, knowledge_id: KnowledgeId, entries: Sequence[VectorEntry]) -> None:
        """Keep the vectors, in place of what was there for their segments.

        A store that knows of segments leaves out those that are not there any more.

        Raises:
            VectorDimensionMismatch: a vector has another length than those of the Knowledge.
            VectorTooLong: it is longer than the store can keep.
            KnowledgeVectorsUnavailable: the store can keep none at all as it is.
        """

    @abstractmethod
    async def set_enabled(
        self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId], enabled: bool
    ) -> None:
        """Whether searches find the segments; what is put for a disabled one is not found."""

    @abstractmethod
    async def remove(self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId]) -> None:
        """Forget the vectors of the segments."""

    @abstractmethod
    async def remove_document(self, knowledge_id: KnowledgeId, document_id: DocumentId) -> None:
        """Forget the vectors of all segments of the document."""

    @abstractmethod
    async def remove_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Forget everything of the Knowledge."""

    @abstractmethod
    async def search(self, query: VectorQuery) -> Sequence[FoundSegment]:
        """The most alike first; vectors of another length than those kept find nothing.

        Raises:
            MetadataFilterInvalid: a condition of the filter makes no sense.
            KnowledgeVectorsUnavailable: the store can keep none at all as it is.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordEntry:
    """A segment and its terms, with repetitions."""

    segment_id: SegmentId
    document_id: DocumentId
    terms: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordQuery:
    """Terms to look for in one Knowledge; disabled segments and documents are not found."""

    knowledge_id: KnowledgeId
    terms: Sequence[str]
    limit: int
    filter: DocumentFilter = field(default_factory=DocumentFilter)


class KeywordIndex(Protocol):
    """Finds segments by BM25 over their terms, in the transaction of the unit of work."""

    @abstractmethod
    async def put(self, knowledge_id: KnowledgeId, entries: Sequence[KeywordEntry]) -> None:
        """Keep the terms of segments that are there, in place of those that they had."""

    @abstractmethod
    async def set_enabled(
        self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId], enabled: bool
    ) -> None:
        """Whether searches find the segments; what is put for a disabled one is not found."""

    @abstractmethod
    async def remove(self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId]) -> None:
        """Forget the terms of the segments."""

    @abstractmethod
    async def remove_document(self, knowledge_id: KnowledgeId, document_id: DocumentId) -> None:
        """Forget the terms of all segments of the document."""

    @abstractmethod
    async def remove_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Forget everything of the Knowledge."""

    @abstractmethod
    async def search(self, query: KeywordQuery) -> Sequence[FoundSegment]:
        """The highest BM25 score first; a filter changes no score.

        Raises:
            MetadataFilterInvalid: a condition of the filter makes no sense.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """How many segments were there already, and how many are new."""

    kept: int
    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnindexedSegment:
    """A segment that cannot be found yet; `text` is what is embedded and searched."""

    id: SegmentId
    document_id: DocumentId
    text: str


class SegmentStore(Protocol):
    """Keeps the segments of documents, in batches; no document is ever held whole.

    A document is segmented in rounds, numbered from 1. In a round every segment is brought once;
    what was not brought by its end belongs to an older round and is dropped. So a round that was
    cut off is simply done again, and a segment whose content is unchanged keeps its id and index.
    A segment is known by the hash of its content and by how often that came before it.
    """

    @abstractmethod
    async def reconcile(
        self, document_id: DocumentId, round: int, drafts: Sequence[SegmentDraft]
    ) -> Reconciled:
        """Keep a batch of the round's segments, children included."""

    @abstractmethod
    async def drop_older(self, document_id: DocumentId, round: int) -> int:
        """Remove the segments of older rounds with their index; how many there were."""

    @abstractmethod
    async def remove_some(self, document_id: DocumentId, *, limit: int) -> int:
        """Remove some of the document's segments with their index, children first.

        How many there were: fewer than `limit` when nothing is left.
        """

    @abstractmethod
    async def unindexed(self, document_id: DocumentId, *, limit: int) -> Sequence[UnindexedSegment]:
        """Some of the segments (children, where parents have them) that are not indexed yet."""

    @abstractmethod
    async def still_unindexed(self, segments: Sequence[UnindexedSegment]) -> Collection[SegmentId]:
        """Those that are there, say what they said, and still cannot be found.

        Whoever holds their document has it stay so to the end of the work.
        """

    @abstractmethod
    async def mark_indexed(self, segment_ids: Sequence[SegmentId]) -> None:
        """They can be found now; called in the transaction that fills the indexes."""

    @abstractmethod
    async def count(self, document_id: DocumentId) -> tuple[int, int]:
        """Segments that are searched in all, and those of them that are indexed."""

    @abstractmethod
    async def findable(self, document_ids: Collection[DocumentId]) -> Collection[DocumentId]:
        """Those of the documents of which searches find something, if only by its words."""

    @abstractmethod
    async def unindex_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Let every segment of the Knowledge be embedded anew, as when the model for it changes.

        Until then it is found by its words only.
        """

    @abstractmethod
    async def next_position(self, document_id: DocumentId) -> int:
        """The position behind the last segment of the document."""

    @abstractmethod
    async def replace_children(
        self, segment_id: SegmentId, children: Sequence[ChildDraft]
    ) -> Sequence[SegmentId]:
        """Put children in the place of those that the segment has; they are not indexed yet."""

    @abstractmethod
    async def set_enabled(self, segment_id: SegmentId, enabled: bool) -> None:
        """Let searches find the segment's children, or itself, or not find them."""

    @abstractmethod
    async def remove(self, segment_id: SegmentId) -> None:
        """Remove the segment with its children and their index."""
