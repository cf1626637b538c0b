"""What runs look like over HTTP."""

import json
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from dify_hex.application.workflow.compare_runs import ComparedRuns
from dify_hex.application.workflow.read_models import RunDetail
from dify_hex.application.workflow.replay_run import Replayed, ToldEvent
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_history import NodeComparison, NodeRecord
from dify_hex.domain.workflow.node_run import Printed, RunError
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.entrypoints.http.envelope import Schema


class RunErrorResponse(Schema):
    """Why a run failed."""

    code: str
    message: str
    details: dict[str, Any] = Field(
        description="Which node failed, in which attempt, and what else is known of it."
    )

    @classmethod
    def of(cls, error: RunError | None) -> Self | None:
        """The wire form of an error, if there is one."""
        return (
            None
            if error is None
            else cls(code=error.code, message=error.message, details=dict(error.details))
        )


class RunLinks(Schema):
    """Where to go from a run."""

    status: str
    events: str
    stop: str

    @classmethod
    def of(cls, run_id: UUID) -> Self:
        """The addresses of one run."""
        place = f"/v1/workflow-runs/{run_id}"
        return cls(status=place, events=f"{place}/events", stop=f"{place}/stop")


class RunUsageResponse(Schema):
    """What the run's model calls have used."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int

    @classmethod
    def of(cls, usage: Usage) -> Self:
        """The wire form of what was used."""
        return cls(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            total_tokens=usage.total_tokens,
        )


class RunResponse(Schema):
    """One run of a workflow."""

    id: UUID = Field(examples=["019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de"])
    app_id: UUID
    app_version_id: UUID | None
    message_id: UUID | None
    status: RunStatus
    progress: int = Field(ge=0, le=100, description="An estimate until the run has ended.")
    user: str
    result: dict[str, Any] | None
    error: RunErrorResponse | None
    usage: RunUsageResponse
    steps: int
    started_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="Of a paused run, if nobody resumes it.")
    parent_run_id: UUID | None = Field(description="The run that this one repeats or forks.")
    links: RunLinks = Field(serialization_alias="_links")

    @classmethod
    def of(cls, run: RunDetail) -> Self:
        """The wire form of a run."""
        return cls(
            id=run.id,
            app_id=run.app_id,
            app_version_id=run.app_version_id,
            message_id=run.message_id,
            status=run.status,
            # How many steps are still to come depends on the branches the run takes.
            progress=100 if run.status.is_final else 100 * run.steps // (run.steps + 1),
            user=run.user,
            result=None if run.outputs is None else dict(run.outputs),
            error=RunErrorResponse.of(run.error),
            usage=RunUsageResponse.of(run.usage),
            steps=run.steps,
            started_at=run.created_at,
            finished_at=run.finished_at,
            expires_at=run.due_at,
            parent_run_id=run.parent_run_id,
            links=RunLinks.of(run.id),
        )


class RunDetailResponse(RunResponse):
    """One run, with what it began with and how long it took."""

    inputs: dict[str, Any] | None = Field(None, description="None once the run's journal is gone.")
    elapsed: float | None = Field(None, description="Seconds from beginning to end.")

    @classmethod
    def of(cls, run: RunDetail) -> Self:
        """The wire form of a run."""
        took = None if run.finished_at is None else run.finished_at - run.created_at
        return (
            super()
            .of(run)
            .model_copy(
                update={
                    "inputs": None if run.inputs is None else dict(run.inputs),
                    "elapsed": None if took is None else took.total_seconds(),
                }
            )
        )


class PrintedResponse(Schema):
    """What code has printed, the first of each stream."""

    stdout: str
    stderr: str

    @classmethod
    def of(cls, printed: Printed | None) -> Self | None:
        """The wire form, if anything was printed."""
        return None if printed is None else cls(stdout=printed.stdout, stderr=printed.stderr)


class NodeStateResponse(Schema):
    """What a node came to in one run."""

    status: NodeStatus
    attempts: int
    outputs: dict[str, Any]
    handle: str | None = Field(description="The exit by which the run went on.")
    error: RunErrorResponse | None
    usage: RunUsageResponse | None
    printed: PrintedResponse | None
    started_at: datetime | None
    finished_at: datetime | None
    elapsed: float | None = Field(description="Seconds, over all attempts.")

    @classmethod
    def of(cls, record: NodeRecord) -> Self:
        """The wire form of a node's record."""
        return cls(**_state_of(record))


class NodeResponse(NodeStateResponse):
    """One node of a run, in one round of the containers around it."""

    node_id: str
    frame: str = Field(description="Empty outside of containers.", examples=["/each.2"])
    node_type: str

    @classmethod
    def of(cls, record: NodeRecord) -> Self:
        """The wire form of a node."""
        return cls(
            node_id=record.address.node_id,
            frame=record.address.frame,
            node_type=record.node_type,
            **_state_of(record),
        )


class NodesResponse(Schema):
    """Some of a run's nodes, in the order in which they were reached."""

    nodes: list[NodeResponse]
    next_after: int | None = Field(description="What to ask for as `after` next.")


class NodeComparisonResponse(Schema):
    """The same node in two runs; None where it was not reached."""

    node_id: str
    frame: str
    same: bool
    this: NodeStateResponse | None
    other: NodeStateResponse | None

    @classmethod
    def of(cls, compared: NodeComparison) -> Self:
        """The wire form of a comparison."""
        this, other = compared.this, compared.other
        return cls(
            node_id=compared.address.node_id,
            frame=compared.address.frame,
            same=compared.is_same,
            this=None if this is None else NodeStateResponse.of(this),
            other=None if other is None else NodeStateResponse.of(other),
        )


class ComparedRunsResponse(Schema):
    """Two runs beside each other."""

    this: RunResponse
    other: RunResponse
    same: bool
    diverges_at: NodeComparisonResponse | None = Field(
        description="The first node that did not come to the same."
    )
    nodes: list[NodeComparisonResponse]

    @classmethod
    def of(cls, compared: ComparedRuns) -> Self:
        """The wire form of a comparison."""
        first = compared.diverges_at
        return cls(
            this=RunResponse.of(compared.this),
            other=RunResponse.of(compared.other),
            same=first is None,
            diverges_at=None if first is None else NodeComparisonResponse.of(first),
            nodes=[NodeComparisonResponse.of(each) for each in compared.nodes],
        )


class ToldEventResponse(Schema):
    """An event of a journal."""

    type: str
    node_id: str | None
    frame: str
    data: dict[str, Any]

    @classmethod
    def of(cls, event: ToldEvent | None) -> Self | None:
        """The wire form of an event, if there is one."""
        if event is None:
            return None
        return cls(
            type=event.type, node_id=event.node_id, frame=event.frame, data=json.loads(event.data)
        )


class ReplayResponse(Schema):
    """What replaying a run has found."""

    same: bool
    events: int = Field(description="How many events were gone through.")
    seq: int | None = Field(description="The number of the event where they part.")
    recorded: ToldEventResponse | None
    computed: ToldEventResponse | None
    reason: str = Field(description="Why what is recorded cannot have happened next.")

    @classmethod
    def of(cls, replayed: Replayed) -> Self:
        """The wire form of a replay."""
        found = replayed.difference
        return cls(
            same=found is None,
            events=replayed.events,
            seq=None if found is None else found.seq,
            recorded=None if found is None else ToldEventResponse.of(found.recorded),
            computed=None if found is None else ToldEventResponse.of(found.computed),
            reason="" if found is None else found.reason,
        )


def _state_of(record: NodeRecord) -> dict[str, Any]:
    return {
        "status": record.status,
        "attempts": record.attempts,
        "outputs": dict(record.outputs),
        "handle": record.handle,
        "error": RunErrorResponse.of(record.error),
        "usage": None if record.usage is None else RunUsageResponse.of(record.usage),
        "printed": PrintedResponse.of(record.printed),
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "elapsed": record.elapsed_seconds,
    }
