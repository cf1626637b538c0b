"""What a retrieval needs of the outside, beside the indexes."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dify_hex.application.knowledge.index_ports import FoundSegment, KeywordQuery, VectorQuery
from dify_hex.domain.knowledge.metadata import Metadata, MetadataField
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchableKnowledge:
    """A Knowledge as far as searching it goes; `embedding` is the model its vectors are of."""

    id: KnowledgeId
    name: str
    description: str
    embedding: ModelConfig
    retrieval: RetrievalSettings
    metadata_fields: tuple[MetadataField, ...] = ()


class KnowledgeCatalogue(Protocol):
    """Which Knowledge a tenant has, for those who only name it."""

    @abstractmethod
    async def find(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        """Those of the Knowledge that there are; the others are left out."""


class CandidateSearch(Protocol):
    """Finds candidates in a tenant's indexes, each list on its own."""

    @abstractmethod
    async def by_meaning(self, tenant_id: TenantId, query: VectorQuery) -> Sequence[FoundSegment]:
        """As a `VectorIndex` finds them."""

    @abstractmethod
    async def by_words(self, tenant_id: TenantId, query: KeywordQuery) -> Sequence[FoundSegment]:
        """As a `KeywordIndex` finds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPassage:
    """What is given for a segment that was found: itself, or its parent if it is a child.

    `matched` is the content of the segment as it was found, `content` what is given. `tokens`,
    `hit_count` and `content_hash` are those of what is given; `metadata` are the document's.
    """

    found_id: SegmentId
    matched: str
    segment_id: SegmentId
    document_id: DocumentId
    document_name: str
    position: int
    content: str
    first_page: int | None = None
    last_page: int | None = None
    headings: tuple[str, ...] = ()
    tokens: int = 0
    hit_count: int = 0
    content_hash: str = ""
    metadata: Metadata = field(default_factory=dict)


class SegmentReader(Protocol):
    """Looks up what was found."""

    @abstractmethod
    async def passages(
        self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]
    ) -> Sequence[FoundPassage]:
        """What is given for the segments, in any order.

        Whatever was removed or disabled meanwhile, with its document or its Knowledge, is left out.
        """


class SegmentHits(Protocol):
    """How often segments have been given, counted in batches beside the retrievals."""

    @abstractmethod
    def note(self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]) -> None:
        """Each of the segments was given once more; never waits."""
