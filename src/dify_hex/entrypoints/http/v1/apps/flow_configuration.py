"""Configurations that hold a graph, on the wire."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, TypeAdapter

from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.app.mode import AppMode
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.apps.configuration_fields import (
    Count,
    Number,
    Opening,
    Questions,
)

_EXAMPLE = {
    "nodes": [
        {"id": "start", "type": "start", "config": {}},
        {"id": "end", "type": "end", "config": {}},
    ],
    "edges": [{"source": "start", "target": "end"}],
}
GraphBody = Annotated[
    dict[str, Any],
    Field(
        description="Nodes, edges and the variables of environment and conversation; "
        "GET /v1/workflows/schema describes them. A draft's may be unfinished.",
        examples=[_EXAMPLE],
    ),
]


class FlowLimitsBody(Schema):
    """What a run may use up; what is left out is the operator's choice."""

    max_query_length: Count = 32_000
    steps: Count | None = None
    seconds: Number | None = None
    tokens: Count | None = None
    resume_window_seconds: Number | None = None


class WorkflowConfigurationBody(Schema):
    """What a workflow app does."""

    mode: Literal[AppMode.WORKFLOW]
    graph: GraphBody
    limits: FlowLimitsBody = FlowLimitsBody()
    durability: Durability = Durability.STRICT

    @classmethod
    def of(cls, configuration: WorkflowConfiguration) -> Self:
        """The wire form."""
        return cls(
            mode=AppMode.WORKFLOW,
            graph=json.loads(configuration.graph.json),
            limits=_limits_of(configuration.limits),
            durability=configuration.durability,
        )

    def to_domain(self) -> WorkflowConfiguration:
        """The configuration."""
        return WorkflowConfiguration(
            graph=_document(self.graph),
            limits=_LIMITS.validate_python(self.limits.model_dump()),
            durability=self.durability,
        )


class ChatflowConfigurationBody(Schema):
    """What a chatflow app does."""

    mode: Literal[AppMode.CHATFLOW]
    graph: GraphBody
    opening_statement: Opening = ""
    suggested_questions: Questions = Field([])
    limits: FlowLimitsBody = FlowLimitsBody()
    durability: Durability = Durability.STRICT

    @classmethod
    def of(cls, configuration: ChatflowConfiguration) -> Self:
        """The wire form."""
        return cls(
            mode=AppMode.CHATFLOW,
            graph=json.loads(configuration.graph.json),
            opening_statement=configuration.opening_statement,
            suggested_questions=list(configuration.suggested_questions),
            limits=_limits_of(configuration.limits),
            durability=configuration.durability,
        )

    def to_domain(self) -> ChatflowConfiguration:
        """The configuration."""
        return ChatflowConfiguration(
            graph=_document(self.graph),
            opening_statement=self.opening_statement,
            suggested_questions=tuple(self.suggested_questions),
            limits=_LIMITS.validate_python(self.limits.model_dump()),
            durability=self.durability,
        )


_LIMITS = TypeAdapter(FlowLimits)


def _limits_of(limits: FlowLimits) -> FlowLimitsBody:
    return FlowLimitsBody.model_validate(limits, from_attributes=True)


def _document(graph: dict[str, Any]) -> GraphDocument:
    # Sorted, so that writing the same graph in another order is no other draft.
    return GraphDocument(
        json.dumps(graph, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    )
