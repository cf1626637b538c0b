"""How a Knowledge works, on the wire."""

from typing import Annotated

from pydantic import Field, StringConstraints, TypeAdapter

from dify_hex.domain.knowledge.metadata import MAX_FIELDS, MetadataField, MetadataType
from dify_hex.domain.knowledge.settings import (
    DEFAULT_SEPARATORS,
    MAX_SEPARATORS,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.retrieval_settings import (
    FusionMethod,
    RetrievalMethod,
    RetrievalSettings,
)
from dify_hex.entrypoints.http.envelope import Schema

_Name = Annotated[str, StringConstraints(max_length=200)]
#: What is out of range is a fault of the settings; what is beyond all reason is refused outright.
_Tokens = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Share = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
_Separator = Annotated[str, StringConstraints(max_length=200)]


class CleaningBody(Schema):
    """What is taken out of a text before it is cut."""

    collapse_whitespace: bool = True
    remove_urls_and_emails: bool = False


class SegmentationBody(Schema):
    """How documents are cut; sizes are in tokens."""

    mode: SegmentationMode = SegmentationMode.GENERAL
    separators: Annotated[list[_Separator], Field(max_length=10 * MAX_SEPARATORS)] = Field(
        list(DEFAULT_SEPARATORS),
        description="Where a part that is too large is cut, in the order in which they are tried.",
        examples=[["\n\n", "\n", ". "]],
    )
    max_tokens: _Tokens = 512
    overlap_tokens: _Tokens = Field(50, description="At most half of `max_tokens`.")
    parent: ParentScope = Field(
        ParentScope.PARAGRAPH, description="In the mode `parent_child`: what a child is part of."
    )
    child_max_tokens: _Tokens = 128
    cleaning: CleaningBody = CleaningBody()

    def to_domain(self) -> SegmentationSettings:
        """The settings."""
        return _SEGMENTATION.validate_python(self.model_dump())


class EmbeddingModelBody(Schema):
    """A model of the type embedding, as GET /v1/models lists it."""

    provider: _Name = Field(examples=["local"])
    model: _Name = Field(examples=["use-multilingual"])

    def to_domain(self) -> ModelConfig:
        """The model."""
        return ModelConfig(provider=self.provider, model=self.model)


class RerankModelBody(Schema):
    """A model of the type rerank, as GET /v1/models lists it."""

    provider: _Name = Field(examples=["jina"])
    model: _Name = Field(examples=["jina-reranker-v2-base-multilingual"])


class FusionBody(Schema):
    """How the two lists of a hybrid search become one; weights are from 0 to 1."""

    method: FusionMethod = FusionMethod.WEIGHTED
    semantic_weight: _Share = 0.5
    full_text_weight: _Share = 0.5


class RetrievalBody(Schema):
    """How a Knowledge is searched when nobody says otherwise."""

    method: RetrievalMethod = RetrievalMethod.HYBRID
    fusion: FusionBody = FusionBody()
    top_k: _Tokens = Field(4, description="How many passages are kept, 100 at most.")
    score_threshold: _Share | None = Field(
        None, description="From 0 to 1; passages below it are left out."
    )
    rerank: RerankModelBody | None = None

    def to_domain(self) -> RetrievalSettings:
        """The settings."""
        return _RETRIEVAL.validate_python(self.model_dump())


class MetadataFieldBody(Schema):
    """A fact that documents may have, and searches can be narrowed by."""

    name: Annotated[str, StringConstraints(max_length=200)] = Field(examples=["author"])
    type: MetadataType = MetadataType.STRING

    def to_domain(self) -> MetadataField:
        """The field."""
        return MetadataField(name=self.name, type=self.type)


MetadataFields = Annotated[list[MetadataFieldBody], Field(max_length=10 * MAX_FIELDS)]

_SEGMENTATION = TypeAdapter(SegmentationSettings)
_RETRIEVAL = TypeAdapter(RetrievalSettings)
