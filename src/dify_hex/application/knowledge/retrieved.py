"""What a retrieval comes to: passages and citations, what failed, and how it went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dify_hex.application.knowledge.index_ports import DocumentFilter
from dify_hex.application.knowledge.retrieval_ports import FoundPassage
from dify_hex.domain.knowledge.retrieval.fusion import Candidate, CandidateList
from dify_hex.domain.knowledge.retrieval.pipeline import Passage
from dify_hex.domain.knowledge.retrieval.plan import RetrievalPlan, SearchPart
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import KnowledgeId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.knowledge_use import KnowledgeSource
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalRequest:
    """What is looked for, in which Knowledge, and what counts in place of their own settings."""

    query: str
    sources: tuple[KnowledgeSource, ...]
    overrides: RetrievalOverrides = field(default_factory=RetrievalOverrides)
    filter: DocumentFilter = field(default_factory=DocumentFilter)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalFailure:
    """A part of a retrieval that came to nothing, while the rest went on.

    Without a `part` all of the Knowledge is missing; without a Knowledge the reranker is.
    """

    error: DomainError
    knowledge_id: KnowledgeId | None = None
    part: SearchPart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalStages:
    """What came of each stage, and how many seconds some of them took, by name."""

    plan: RetrievalPlan
    lists: Sequence[CandidateList]
    fused: Sequence[Candidate]
    rated: Sequence[Candidate]
    above_threshold: Sequence[Candidate]
    kept: Sequence[Candidate]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedPassage:
    """A passage with its citation; `found` is what was found of it, best first."""

    citation: Citation
    passage: Passage
    found: tuple[FoundPassage, ...]

    @property
    def stored(self) -> FoundPassage:
        """The passage as it is stored."""
        return self.found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """Passages, best first; with failures it is what could be found all the same."""

    passages: tuple[RetrievedPassage, ...]
    failures: tuple[RetrievalFailure, ...]
    stages: RetrievalStages

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Where the passages are from, in their order."""
        return tuple(each.citation for each in self.passages)
