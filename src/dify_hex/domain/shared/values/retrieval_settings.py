"""How passages are looked for: by meaning, by words or by both, and how many are kept."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig

MAX_TOP_K = 100


class RetrievalMethod(StrEnum):
    """What a passage is found by."""

    SEMANTIC = "semantic"
    FULL_TEXT = "full_text"
    HYBRID = "hybrid"


class FusionMethod(StrEnum):
    """How the two lists of a hybrid search become one."""

    RECIPROCAL_RANK = "reciprocal_rank"
    WEIGHTED = "weighted"


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionSettings:
    """How much each list counts, from 0 to 1; with both methods of fusion."""

    method: FusionMethod = FusionMethod.WEIGHTED
    semantic_weight: float = 0.5
    full_text_weight: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalSettings:
    """What a search does with one Knowledge.

    `score_threshold`, from 0 to 1, is compared with the score that a passage is shown with;
    None keeps everything. `rerank` is a model of the type `rerank`.
    """

    method: RetrievalMethod = RetrievalMethod.HYBRID
    fusion: FusionSettings = field(default_factory=FusionSettings)
    top_k: int = 4
    score_threshold: float | None = None
    rerank: ModelConfig | None = None

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range."""
        if not 1 <= self.top_k <= MAX_TOP_K:
            yield _fault(f"{path}.top_k", f"Keep from 1 to {MAX_TOP_K} passages.")
        if self.score_threshold is not None and not 0 <= self.score_threshold <= 1:
            yield _fault(f"{path}.score_threshold", "Use a score from 0 to 1, or none.")
        weights = (self.fusion.semantic_weight, self.fusion.full_text_weight)
        for name, weight in zip(("semantic_weight", "full_text_weight"), weights, strict=True):
            if not 0 <= weight <= 1:
                yield _fault(f"{path}.fusion.{name}", "Use a weight from 0 to 1.")
        if self.method is RetrievalMethod.HYBRID and sum(weights) == 0:
            yield _fault(f"{path}.fusion", "Let at least one of the two lists count.")


def _fault(path: str, message: str) -> Fault:
    return Fault(code="number_out_of_range", path=path, message=message)
