"""Makes plans and lists of candidates that tests need only a part of."""

from collections.abc import Sequence
from uuid import UUID

from dify_hex.domain.knowledge.retrieval.fusion import CandidateList, Hit
from dify_hex.domain.knowledge.retrieval.plan import KnowledgeToSearch, RetrievalPlan, SearchPart
from dify_hex.domain.shared.ids import KnowledgeId, SegmentId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionMethod,
    FusionSettings,
    RetrievalMethod,
    RetrievalSettings,
)

MANUALS = KnowledgeId(UUID(int=0xA1))
LETTERS = KnowledgeId(UUID(int=0xA2))
RERANKER = ModelConfig(provider="house", model="reranker")


def segment(number: int) -> SegmentId:
    """The segment of that number."""
    return SegmentId(UUID(int=number))


def numbers(segments: Sequence[SegmentId]) -> list[int]:
    """The numbers of segments, in their order."""
    return [each.int for each in segments]


def found(
    part: SearchPart, *hits: tuple[int, float], knowledge_id: KnowledgeId = MANUALS
) -> CandidateList:
    """A list of (segment's number, score)."""
    return CandidateList(
        knowledge_id=knowledge_id,
        part=part,
        hits=tuple(Hit(segment(number), score) for number, score in hits),
    )


def semantic(*hits: tuple[int, float], knowledge_id: KnowledgeId = MANUALS) -> CandidateList:
    """What was found by meaning."""
    return found(SearchPart.SEMANTIC, *hits, knowledge_id=knowledge_id)


def full_text(*hits: tuple[int, float], knowledge_id: KnowledgeId = MANUALS) -> CandidateList:
    """What was found by words."""
    return found(SearchPart.FULL_TEXT, *hits, knowledge_id=knowledge_id)


def searched(
    method: RetrievalMethod = RetrievalMethod.HYBRID,
    *,
    fusion: FusionMethod = FusionMethod.RECIPROCAL_RANK,
    weights: tuple[float, float] = (0.5, 0.5),
    top_k: int = 100,
    threshold: float | None = None,
    rerank: ModelConfig | None = None,
    knowledge_id: KnowledgeId = MANUALS,
    weight: float = 1.0,
    space: str = "",
) -> KnowledgeToSearch:
    """A Knowledge as it is searched; `weights` are those of meaning and of words."""
    return KnowledgeToSearch(
        knowledge_id=knowledge_id,
        weight=weight,
        vector_space=space,
        settings=RetrievalSettings(
            method=method,
            fusion=FusionSettings(
                method=fusion, semantic_weight=weights[0], full_text_weight=weights[1]
            ),
            top_k=top_k,
            score_threshold=threshold,
            rerank=rerank,
        ),
    )


def plan(*knowledge: KnowledgeToSearch, top_k: int = 100) -> RetrievalPlan:
    """A plan over the Knowledge, which is one found in both ways unless said otherwise."""
    settled = knowledge or (searched(),)
    return RetrievalPlan(knowledge=settled, top_k=top_k, rerank=settled[0].settings.rerank)
