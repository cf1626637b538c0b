"""What runs look like over HTTP."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from dify_hex.application.workflow.read_models import RunDetail
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.entrypoints.http.envelope import Schema


class RunErrorResponse(Schema):
    """Why a run failed."""

    code: str
    message: str

    @classmethod
    def of(cls, error: RunError | None) -> Self | None:
        """The wire form of an error, if there is one."""
        return None if error is None else cls(code=error.code, message=error.message)


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
            links=RunLinks.of(run.id),
        )
