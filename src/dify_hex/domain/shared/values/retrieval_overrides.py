"""What somebody who searches several Knowledge says in place of their own settings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionSettings,
    RetrievalMethod,
    RetrievalSettings,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalOverrides:
    """Settings that count in place of a Knowledge's own; None leaves those as they are.

    `without_rerank` leaves passages in the order of the search, whatever is set elsewhere; a
    `score_threshold` of 0 keeps every passage.
    """

    method: RetrievalMethod | None = None
    fusion: FusionSettings | None = None
    top_k: int | None = None
    score_threshold: float | None = None
    rerank: ModelConfig | None = None
    without_rerank: bool = False

    def over(self, settings: RetrievalSettings) -> RetrievalSettings:
        """The settings with what is said here."""
        threshold = self.score_threshold
        return replace(
            settings,
            method=self.method or settings.method,
            fusion=self.fusion or settings.fusion,
            top_k=self.top_k or settings.top_k,
            score_threshold=settings.score_threshold if threshold is None else threshold,
            rerank=None if self.without_rerank else self.rerank or settings.rerank,
        )

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range, whatever it is laid over."""
        settings = RetrievalSettings()
        if self.top_k is not None:
            settings = replace(settings, top_k=self.top_k)
        yield from replace(
            settings,
            method=self.method or settings.method,
            fusion=self.fusion or settings.fusion,
            score_threshold=self.score_threshold,
        ).faults(path)
