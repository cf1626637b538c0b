"""Nodes of a draft that are run by themselves, and their last values, on the wire."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Path
from pydantic import Field, JsonValue, StringConstraints

from dify_hex.application.app.draft_values import DraftValue
from dify_hex.application.app.node_trials import TrialCommand
from dify_hex.application.app.run_draft_node import NodeRunResult
from dify_hex.domain.shared.ids import AppId, EndUserName, NodeId
from dify_hex.domain.shared.values.prompt_template import MAX_VARIABLES
from dify_hex.domain.workflow.node_values import UsedValue, ValueOrigin
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.workflow_runs.schemas import (
    PrintedResponse,
    RunErrorResponse,
    RunUsageResponse,
)

_MAX_VALUES = 1_000
_Name = Annotated[str, StringConstraints(max_length=500)]
NodeName = Annotated[str, Path(max_length=200, description="The id of a node of the draft.")]


class RunNodeRequest(Schema):
    """The values that the node is to use; what is left out is as it was last."""

    values: dict[_Name, JsonValue] = Field(
        {},
        max_length=_MAX_VALUES,
        description="Values by `node.name`, as the node's selectors say it.",
        examples=[{}],
    )
    inputs: dict[_Name, JsonValue] | None = Field(
        None, max_length=MAX_VARIABLES, description="A value for each input that start declares."
    )
    user: Annotated[
        str, StringConstraints(min_length=1, max_length=255, pattern=r"\S"), Field(examples=["ann"])
    ] = "author"

    def to_command(self, app_id: UUID, node_id: str) -> TrialCommand:
        """Which node runs, and with what."""
        return TrialCommand(
            app_id=AppId(app_id),
            node_id=NodeId(node_id),
            user=EndUserName(self.user),
            values=self.values,
            inputs=self.inputs,
        )


class UsedValueResponse(Schema):
    """A value that the node has used; of a secret only that there is one."""

    name: str = Field(examples=["start.query"])
    value: Any
    origin: ValueOrigin

    @classmethod
    def of(cls, used: UsedValue) -> Self:
        """The wire form."""
        return cls(name=str(used.selector), value=used.value, origin=used.origin)


class NodeRunResponse(Schema):
    """What came of a node that was run by itself; `elapsed` is in seconds."""

    node_id: str
    status: RunStatus
    outputs: dict[str, Any]
    printed: PrintedResponse | None
    error: RunErrorResponse | None
    usage: RunUsageResponse
    elapsed: float
    values: Sequence[UsedValueResponse]

    @classmethod
    def of(cls, result: NodeRunResult) -> Self:
        """The wire form."""
        return cls(
            node_id=result.node_id,
            status=result.status,
            outputs=dict(result.outputs),
            printed=PrintedResponse.of(result.printed),
            error=RunErrorResponse.of(result.error),
            usage=RunUsageResponse.of(result.usage),
            elapsed=round(result.elapsed.total_seconds(), 6),
            values=[UsedValueResponse.of(used) for used in result.values],
        )


class DraftValueResponse(Schema):
    """What a node has put out last."""

    node_id: str
    outputs: dict[str, Any]
    at: datetime
    run_id: UUID | None = Field(description="Null when the node was run by itself.")

    @classmethod
    def of(cls, value: DraftValue) -> Self:
        """The wire form."""
        return cls(
            node_id=value.node_id, outputs=dict(value.outputs), at=value.at, run_id=value.run_id
        )
