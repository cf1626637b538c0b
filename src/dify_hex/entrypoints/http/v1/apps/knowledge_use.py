"""The Knowledge of an app on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.shared.values.metadata_conditions import MetadataOperator
from dify_hex.domain.shared.values.retrieval_settings import FusionMethod, RetrievalMethod
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.apps.configuration_fields import Count, Name, Number

#: Beyond what may be published, and all that is read.
_MOST = 200
_Text = Annotated[str, StringConstraints(max_length=2_000)]
_Several = Field(max_length=_MOST)


class KnowledgeSourceBody(Schema):
    """A Knowledge, and how much its passages count."""

    knowledge_id: UUID
    weight: Number = Field(1.0, description="Above 0 and up to 1; scales the scores.")


class AppFusionBody(Schema):
    """How the two lists of a hybrid search become one; weights are from 0 to 1."""

    method: FusionMethod = FusionMethod.WEIGHTED
    semantic_weight: Number = 0.5
    full_text_weight: Number = 0.5


class AppRerankModelBody(Schema):
    """A model of the type rerank, as GET /v1/models lists it."""

    provider: Name
    model: Name


class AppRetrievalBody(Schema):
    """What counts in place of the settings of the Knowledge; null leaves those as they are."""

    method: RetrievalMethod | None = None
    fusion: AppFusionBody | None = None
    top_k: Count | None = Field(None, description="From 1 to 100.")
    score_threshold: Number | None = Field(
        None, description="From 0 to 1; with 0 every passage is kept."
    )
    rerank: AppRerankModelBody | None = None
    without_rerank: bool = Field(False, description="Leaves the order of the search.")


class AppMetadataConditionBody(Schema):
    """What one entry of a document's metadata must be."""

    name: Name
    comparison_operator: MetadataOperator
    value: _Text | int | Number | bool | Annotated[list[_Text | int | Number], _Several] | None = (
        None
    )


class AppMetadataConditionsBody(Schema):
    """Which documents count: those for which all, or any, of the conditions hold."""

    logical_operator: LogicalOperator = LogicalOperator.AND
    conditions: Annotated[list[AppMetadataConditionBody], Field(max_length=_MOST)] = Field([])


class KnowledgeUseBody(Schema):
    """Which Knowledge is searched, how, and for what."""

    sources: Annotated[list[KnowledgeSourceBody], Field(max_length=_MOST)]
    retrieval: AppRetrievalBody = AppRetrievalBody()
    filters: AppMetadataConditionsBody = AppMetadataConditionsBody()
    query_variable: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="Of a completion: the variable of the prompt that is searched for."
    )
