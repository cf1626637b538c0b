"""A Knowledge in memory, as far as searching it goes."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dify_hex.application.knowledge.index_ports import (
    FoundSegment,
    KeywordQuery,
    VectorQuery,
)
from dify_hex.application.knowledge.knowledge_searches import KnowledgeSearches
from dify_hex.application.knowledge.ports import QueryEmbeddings, Reranker, TextAnalyser, Vector
from dify_hex.application.knowledge.retrieval_ports import (
    CandidateSearch,
    FoundPassage,
    KnowledgeCatalogue,
    SearchableKnowledge,
    SegmentHits,
    SegmentReader,
)
from dify_hex.application.knowledge.segment_retrieval import SegmentRetrieval
from dify_hex.application.model_provider.ports import RankedText
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import RetrievalSettings

EMBEDDING = ModelConfig(provider="house", model="embedding")


@dataclass
class SearchedKnowledge(
    KnowledgeCatalogue,
    CandidateSearch,
    QueryEmbeddings,
    TextAnalyser,
    SegmentReader,
    SegmentHits,
    Reranker,
):
    """Finds by a script: every list, passage and failure is set by the test."""

    knowledge: dict[KnowledgeId, SearchableKnowledge] = field(default_factory=dict)
    semantic: dict[KnowledgeId, Sequence[tuple[SegmentId, float]]] = field(default_factory=dict)
    full_text: dict[KnowledgeId, Sequence[tuple[SegmentId, float]]] = field(default_factory=dict)
    stored: dict[SegmentId, FoundPassage] = field(default_factory=dict)
    relevance: dict[str, float] = field(default_factory=dict)
    failures: dict[str, DomainError] = field(default_factory=dict)
    #: Seconds that the search of a Knowledge takes.
    delays: dict[KnowledgeId, float] = field(default_factory=dict)
    embedded: list[tuple[ModelConfig, str]] = field(default_factory=list)
    asked: list[VectorQuery | KeywordQuery] = field(default_factory=list)
    hits: list[SegmentId] = field(default_factory=list)
    reranked: list[str] = field(default_factory=list)
    timeout: float = 5.0

    @property
    def retrieval(self) -> SegmentRetrieval:
        """The retrieval over all of this."""
        searches = KnowledgeSearches(
            candidates=self, embeddings=self, analyser=self, timeout=self.timeout
        )
        return SegmentRetrieval(
            catalogue=self, searches=searches, segments=self, reranker=self, hits=self
        )

    def add(
        self,
        knowledge_id: KnowledgeId,
        settings: RetrievalSettings | None = None,
        embedding: ModelConfig = EMBEDDING,
    ) -> None:
        """A Knowledge to search, named after its id."""
        self.knowledge[knowledge_id] = SearchableKnowledge(
            id=knowledge_id,
            name=f"Knowledge {knowledge_id.int}",
            description="",
            embedding=embedding,
            retrieval=settings or RetrievalSettings(),
        )

    def store(self, *segments: SegmentId, parent: SegmentId | None = None) -> None:
        """Segments, or the children of one, whose content tells their number."""
        for segment_id in segments:
            given = parent or segment_id
            self.stored[segment_id] = FoundPassage(
                found_id=segment_id,
                matched=f"text {segment_id.int}",
                segment_id=given,
                document_id=DocumentId(UUID(int=0xD0)),
                document_name="manual.pdf",
                position=given.int,
                content=f"text {given.int}",
                first_page=given.int,
                headings=("Manual",),
            )

    async def find(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        del tenant_id
        return {key: value for key, value in self.knowledge.items() if key in ids}

    async def embed_query(self, tenant_id: TenantId, model: ModelConfig, query: str) -> Vector:
        self.embedded.append((model, query))
        await asyncio.sleep(0)
        self._fail("embed")
        return (1.0, 0.0)

    async def terms(self, texts: Sequence[str]) -> Sequence[Sequence[str]]:
        self._fail("analyse")
        return [text.lower().split() for text in texts]

    async def passages(
        self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]
    ) -> Sequence[FoundPassage]:
        del tenant_id
        return [self.stored[each] for each in segment_ids if each in self.stored]

    def note(self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]) -> None:
        self.hits += segment_ids

    async def rerank(
        self, tenant_id: TenantId, model: ModelConfig, query: str, texts: Sequence[str]
    ) -> Sequence[RankedText]:
        self._fail("rerank")
        self.reranked += texts
        ranked = [
            RankedText(index=index, score=self.relevance.get(text, 0.0))
            for index, text in enumerate(texts)
        ]
        return sorted(ranked, key=lambda each: -each.score)

    async def by_meaning(self, tenant_id: TenantId, query: VectorQuery) -> Sequence[FoundSegment]:
        del tenant_id
        return await self._listed(query, self.semantic)

    async def by_words(self, tenant_id: TenantId, query: KeywordQuery) -> Sequence[FoundSegment]:
        del tenant_id
        return await self._listed(query, self.full_text)

    async def _listed(
        self,
        query: VectorQuery | KeywordQuery,
        lists: Mapping[KnowledgeId, Sequence[tuple[SegmentId, float]]],
    ) -> Sequence[FoundSegment]:
        """What the script says of one search."""
        self.asked.append(query)
        await asyncio.sleep(self.delays.get(query.knowledge_id, 0))
        self._fail(f"search {query.knowledge_id.int}")
        found = lists.get(query.knowledge_id, ())[: query.limit]
        return [FoundSegment(segment_id=key, score=score) for key, score in found]

    def _fail(self, what: str) -> None:
        if what in self.failures:
            raise self.failures[what]
