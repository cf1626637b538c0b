"""Differences between versions of an app on the wire."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from fastapi import Path, Query
from pydantic import Field

from dify_hex.application.app.compare_app_versions import VersionComparison
from dify_hex.domain.workflow.graph.difference import ChangeKind, GraphDifference
from dify_hex.entrypoints.http.envelope import Schema

_LARGEST = 2**31 - 1
Draft = Literal["draft"]
VersionNumber = Annotated[int, Path(ge=1, le=_LARGEST, description="Counted from 1.")]
OtherVersion = Annotated[
    Annotated[int, Field(ge=1, le=_LARGEST)] | Draft,
    Query(alias="with", description="The number of another version, or `draft`."),
]


class NodeChangeResponse(Schema):
    """A node that is new, gone, or set differently; `fields` says where."""

    node_id: str
    type: str = Field(examples=["llm"])
    change: ChangeKind
    fields: Sequence[str] = Field(examples=[["config.model.name", "policy.timeout_seconds"]])


class EdgeChangeResponse(Schema):
    """A connection that is new or gone."""

    source: str
    target: str
    handle: str
    change: ChangeKind


class VariableChangeResponse(Schema):
    """A variable that is new, gone or declared anew."""

    scope: str = Field(examples=["conversation"])
    name: str
    change: ChangeKind


class GraphDifferenceResponse(Schema):
    """By what the second graph means something else than the first."""

    nodes: Sequence[NodeChangeResponse]
    edges: Sequence[EdgeChangeResponse]
    variables: Sequence[VariableChangeResponse]

    @classmethod
    def of(cls, difference: GraphDifference) -> Self:
        """The wire form."""
        return cls(
            nodes=[
                NodeChangeResponse(
                    node_id=each.node_id, type=each.type, change=each.kind, fields=each.fields
                )
                for each in difference.nodes
            ],
            edges=[
                EdgeChangeResponse(
                    source=each.edge.source,
                    target=each.edge.target,
                    handle=each.edge.handle,
                    change=each.kind,
                )
                for each in difference.edges
            ],
            variables=[
                VariableChangeResponse(scope=each.scope, name=each.name, change=each.kind)
                for each in difference.variables
            ],
        )


class ComparisonResponse(Schema):
    """What makes the other version, or the draft, another one than this version."""

    number: int
    other: int | Draft = Field(serialization_alias="with")
    identical: bool = Field(description="Whether both mean the same.")
    fields: Sequence[str] = Field(
        description="Settings that differ, besides the graph.", examples=[["model.name"]]
    )
    graph: GraphDifferenceResponse | None = Field(
        description="Null where nobody has drawn a graph."
    )

    @classmethod
    def of(cls, comparison: VersionComparison) -> Self:
        """The wire form."""
        graph = comparison.graph
        return cls(
            number=comparison.number,
            other="draft" if comparison.other is None else comparison.other,
            identical=comparison.is_empty,
            fields=comparison.fields,
            graph=None if graph is None else GraphDifferenceResponse.of(graph),
        )
