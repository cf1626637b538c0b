"""How far a document has come on its way into the index."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class DocumentStatus(StrEnum):
    """What is being done with a document."""

    PENDING = "pending"
    PROCESSING = "processing"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_in_progress(self) -> bool:
        """Whether it will come to an end by itself."""
        return self in {DocumentStatus.PENDING, DocumentStatus.PROCESSING}


class IndexingStage(StrEnum):
    """What is being done, or is next; whoever goes on later begins with this one.

    Reading leaves the text in the storage; segmenting cleans and cuts it; embedding puts the
    segments into the index, batch by batch, as their vectors come.
    """

    EXTRACT = "extract"
    SEGMENT = "segment"
    EMBED = "embed"


#: Between which percentages of the whole each stage lies.
_SPANS: Mapping[IndexingStage, tuple[float, float]] = {
    IndexingStage.EXTRACT: (0.0, 20.0),
    IndexingStage.SEGMENT: (20.0, 35.0),
    IndexingStage.EMBED: (35.0, 100.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexingProgress:
    """What the worker has reported last.

    `percent` is of the whole, from 0 to 100. `pages` is None where the source has none.
    `segments` are those that are searched, `indexed` those of them that can be found.
    """

    stage: IndexingStage = IndexingStage.EXTRACT
    percent: float = 0.0
    pages: int | None = None
    characters: int = 0
    segments: int = 0
    indexed: int = 0

    def entering(self, stage: IndexingStage) -> "IndexingProgress":
        """The same at the beginning of a stage."""
        return replace(self, stage=stage, percent=_SPANS[stage][0])

    def with_share(self, share: float) -> "IndexingProgress":
        """The same when a share of the present stage, from 0 to 1, is done."""
        start, end = _SPANS[self.stage]
        share = min(max(share, 0.0), 1.0)
        return replace(self, percent=round(start + (end - start) * share, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexingFailure:
    """Why a document could not be indexed: a stable code, and a sentence for people."""

    code: str
    message: str
