"""What a Knowledge is asked and what it finds, on the wire."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints, TypeAdapter

from dify_hex.application.knowledge.index_ports import DocumentFilter, MetadataFilter
from dify_hex.application.knowledge.retrieve_segments import RetrieveSegmentsCommand
from dify_hex.application.knowledge.retrieved import (
    RetrievalFailure,
    RetrievalStages,
    Retrieved,
    RetrievedPassage,
)
from dify_hex.application.knowledge.segment_retrieval import MAX_QUERY_LENGTH
from dify_hex.domain.knowledge.retrieval.fusion import Candidate, CandidateList
from dify_hex.domain.knowledge.retrieval.plan import SearchPart
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.shared.values.metadata_conditions import MAX_CONDITIONS, MetadataOperator
from dify_hex.domain.shared.values.retrieval_overrides import RetrievalOverrides
from dify_hex.domain.shared.values.retrieval_settings import RetrievalMethod
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.knowledge.settings import FusionBody, RerankModelBody

_Query = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY_LENGTH, pattern=r"\S")]
#: What is out of range is a fault of the settings; what is beyond all reason is refused outright.
_Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Share = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_MAX_DOCUMENTS = 1000


class RetrievalOverridesBody(Schema):
    """What counts in place of the Knowledge's own settings; what is left out is not changed."""

    method: RetrievalMethod | None = None
    fusion: FusionBody | None = None
    top_k: _Count | None = Field(None, description="From 1 to 100.")
    score_threshold: _Share | None = Field(
        None, description="From 0 to 1; with 0 every passage is kept."
    )
    rerank: RerankModelBody | None = None
    without_rerank: bool = Field(False, description="Leaves the order of the search.")

    def to_domain(self) -> RetrievalOverrides:
        """The settings."""
        return _OVERRIDES.validate_python(self.model_dump())


class MetadataConditionBody(Schema):
    """What one entry of a document's metadata must be."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    comparison_operator: MetadataOperator
    value: JsonValue = None


class DocumentFilterBody(Schema):
    """Which documents count: all of them when nothing is said."""

    document_ids: Annotated[list[UUID], Field(max_length=_MAX_DOCUMENTS)] = Field([])
    conditions: Annotated[list[MetadataConditionBody], Field(max_length=MAX_CONDITIONS)] = Field([])
    logical_operator: LogicalOperator = Field(
        LogicalOperator.AND, description="Whether all conditions must hold, or any of them."
    )

    def to_domain(self) -> DocumentFilter:
        """The filter."""
        return DocumentFilter(
            document_ids=tuple(map(DocumentId, self.document_ids)),
            conditions=tuple(
                MetadataFilter(
                    name=each.name, operator=each.comparison_operator.value, value=each.value
                )
                for each in self.conditions
            ),
            any_condition=self.logical_operator is LogicalOperator.OR,
        )


class RetrieveRequest(Schema):
    """A question to a Knowledge."""

    query: _Query = Field(examples=["How long is the warranty?"])
    settings: RetrievalOverridesBody = RetrievalOverridesBody()
    filter: DocumentFilterBody = DocumentFilterBody()
    explain: bool = Field(False, description="Tell what came of each stage, and how long it took.")

    def to_command(self, knowledge_id: UUID) -> RetrieveSegmentsCommand:
        """What is looked for where."""
        return RetrieveSegmentsCommand(
            knowledge_id=KnowledgeId(knowledge_id),
            query=self.query,
            overrides=self.settings.to_domain(),
            filter=self.filter.to_domain(),
        )


class FoundChildResponse(Schema):
    """A child that was found, and whose parent is given."""

    segment_id: UUID
    content: str
    score: float


class PassageResponse(Schema):
    """A passage, and where it is from."""

    position: int = Field(description="From 1, the best first.")
    score: float = Field(description="From 0 to 1; what it means depends on the method.")
    segment_id: UUID
    content: str
    document_id: UUID
    document_name: str
    segment_position: int = Field(description="In the document, from 1.")
    first_page: int | None
    last_page: int | None
    headings: Sequence[str]
    tokens: int
    hit_count: int
    metadata: dict[str, Any] = Field(description="What is known of the document.")
    children: Sequence[FoundChildResponse]

    @classmethod
    def of(cls, passage: RetrievedPassage) -> Self:
        """The wire form."""
        citation, stored = passage.citation, passage.stored
        return cls(
            position=citation.position,
            score=citation.score,
            segment_id=citation.segment_id,
            content=citation.content,
            document_id=citation.document_id,
            document_name=citation.document_name,
            segment_position=citation.segment_position,
            first_page=citation.first_page,
            last_page=citation.last_page,
            headings=citation.headings,
            tokens=stored.tokens,
            hit_count=stored.hit_count,
            metadata=dict(stored.metadata),
            children=[
                FoundChildResponse(
                    segment_id=each.found_id, content=each.matched, score=candidate.score
                )
                for each, candidate in zip(passage.found, passage.passage.found, strict=True)
                if each.found_id != each.segment_id
            ],
        )


class RetrievalFailureResponse(Schema):
    """A part of the retrieval that came to nothing, while the rest went on."""

    part: SearchPart | None = Field(description="Null for the reranker.")
    code: str
    message: str

    @classmethod
    def of(cls, failure: RetrievalFailure) -> Self:
        """The wire form."""
        return cls(part=failure.part, code=failure.error.code, message=failure.error.message)


class StandingResponse(Schema):
    """Where a segment stands in a list; `share` is its score as a part of the best one."""

    rank: int
    score: float
    share: float


class CandidateResponse(Schema):
    """A segment at one stage."""

    segment_id: UUID
    score: float
    standings: dict[SearchPart, StandingResponse]


class ListedHitResponse(Schema):
    """A segment as one index has found it: a cosine likeness, or a BM25 score."""

    segment_id: UUID
    score: float


class CandidateListResponse(Schema):
    """What one way of searching has found."""

    part: SearchPart
    hits: Sequence[ListedHitResponse]

    @classmethod
    def of(cls, found: CandidateList) -> Self:
        """The wire form."""
        return cls(
            part=found.part,
            hits=[
                ListedHitResponse.model_validate(hit, from_attributes=True) for hit in found.hits
            ],
        )


class ExplanationResponse(Schema):
    """What came of each stage, in their order, and the seconds that parts of them took."""

    method: RetrievalMethod
    top_k: int
    score_threshold: float | None
    rerank: RerankModelBody | None
    candidates: Sequence[CandidateListResponse]
    fused: Sequence[CandidateResponse]
    reranked: Sequence[CandidateResponse] = Field(description="As `fused` without a reranker.")
    above_threshold: Sequence[UUID]
    kept: Sequence[UUID]
    seconds: dict[str, float]

    @classmethod
    def of(cls, stages: RetrievalStages) -> Self:
        """The wire form."""
        settings = stages.plan.knowledge[0].settings
        return cls(
            method=settings.method,
            top_k=stages.plan.top_k,
            score_threshold=settings.score_threshold,
            rerank=(
                None
                if stages.plan.rerank is None
                else RerankModelBody(
                    provider=stages.plan.rerank.provider, model=stages.plan.rerank.model
                )
            ),
            candidates=[CandidateListResponse.of(each) for each in stages.lists],
            fused=_candidates(stages.fused),
            reranked=_candidates(stages.rated),
            above_threshold=[each.segment_id for each in stages.above_threshold],
            kept=[each.segment_id for each in stages.kept],
            seconds=dict(stages.seconds),
        )


class RetrievedResponse(Schema):
    """The passages, best first; with failures it is what could be found all the same."""

    passages: Sequence[PassageResponse]
    failures: Sequence[RetrievalFailureResponse]
    explanation: ExplanationResponse | None

    @classmethod
    def of(cls, retrieved: Retrieved, *, explain: bool) -> Self:
        """The wire form."""
        return cls(
            passages=[PassageResponse.of(each) for each in retrieved.passages],
            failures=[RetrievalFailureResponse.of(each) for each in retrieved.failures],
            explanation=ExplanationResponse.of(retrieved.stages) if explain else None,
        )


def _candidates(candidates: Iterable[Candidate]) -> list[CandidateResponse]:
    return [CandidateResponse.model_validate(each, from_attributes=True) for each in candidates]


_OVERRIDES = TypeAdapter(RetrievalOverrides)
