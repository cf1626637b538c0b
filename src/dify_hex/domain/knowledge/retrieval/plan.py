"""What one retrieval does: which Knowledge it searches, how, and what it keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionSettings,
    RetrievalMethod,
    RetrievalSettings,
)

#: Of each list of a hybrid or reranked search, so many are looked at for each that is kept.
DEPTH_PER_KEPT = 4
MIN_DEPTH = 50
MAX_DEPTH = 200
#: Passages that a reranker reads, at the most.
MAX_RERANKED = 100
MIN_RERANKED = 20


class SearchPart(StrEnum):
    """One way to search: each gives a list of its own."""

    SEMANTIC = "semantic"
    FULL_TEXT = "full_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeToSearch:
    """A Knowledge as it is searched.

    `weight`, above 0 and up to 1, scales its scores against those of other Knowledge. Cosines of
    different embedding models say nothing about each other: only those of one `vector_space` are
    ranked together.
    """

    knowledge_id: KnowledgeId
    settings: RetrievalSettings
    vector_space: str = ""
    weight: float = 1.0

    @property
    def parts(self) -> Mapping[SearchPart, float]:
        """The lists that are asked for, and how much each counts; one that does not is not."""
        match self.settings.method:
            case RetrievalMethod.SEMANTIC:
                return {SearchPart.SEMANTIC: 1.0}
            case RetrievalMethod.FULL_TEXT:
                return {SearchPart.FULL_TEXT: 1.0}
            case RetrievalMethod.HYBRID:
                return _counting(self.settings.fusion)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalPlan:
    """All that a retrieval does, settled before it begins."""

    knowledge: tuple[KnowledgeToSearch, ...]
    top_k: int
    rerank: ModelConfig | None = None

    @property
    def depth(self) -> int:
        """How long each list of candidates is."""
        if self.rerank is None and all(len(each.parts) == 1 for each in self.knowledge):
            return self.top_k
        return min(MAX_DEPTH, max(MIN_DEPTH, DEPTH_PER_KEPT * self.top_k))

    @property
    def reranked(self) -> int:
        """How many of the fused candidates the reranker reads."""
        return min(MAX_RERANKED, max(MIN_RERANKED, DEPTH_PER_KEPT * self.top_k))


def plan_retrieval(
    knowledge: Sequence[KnowledgeToSearch], overrides: RetrievalOverrides
) -> RetrievalPlan:
    """One plan for all Knowledge together.

    As many passages are kept as the most generous of them says, each passage is held against the
    threshold of its own Knowledge, and a reranker reads them if all agree on it.
    """
    settled = tuple(
        KnowledgeToSearch(
            knowledge_id=each.knowledge_id,
            settings=overrides.over(each.settings),
            vector_space=each.vector_space,
            weight=each.weight,
        )
        for each in knowledge
    )
    rerankers = {each.settings.rerank for each in settled}
    return RetrievalPlan(
        knowledge=settled,
        top_k=max((each.settings.top_k for each in settled), default=1),
        rerank=rerankers.pop() if len(rerankers) == 1 else None,
    )


def _counting(fusion: FusionSettings) -> Mapping[SearchPart, float]:
    weights = {
        SearchPart.SEMANTIC: fusion.semantic_weight,
        SearchPart.FULL_TEXT: fusion.full_text_weight,
    }
    return {part: weight for part, weight in weights.items() if weight > 0}
