"""Runs of workflow apps on the wire."""

from datetime import timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from dify_hex.application.app.run_workflow import BegunRun, RunWorkflowCommand
from dify_hex.application.app.runnable_apps import VersionChoice
from dify_hex.application.shared.idempotency import Claim
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.domain.app.limits import MAX_RESUME_SECONDS
from dify_hex.domain.shared.ids import AppId, EndUserName
from dify_hex.domain.shared.values.prompt_template import MAX_VARIABLES
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.v1.apps.schemas import MAX_VERSION_LABEL
from dify_hex.entrypoints.http.v1.workflow_runs.schemas import (
    RunErrorResponse,
    RunLinks,
    RunUsageResponse,
)

_UserText = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=r"\S"), Field(examples=["ann"])
]
_VersionNumber = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
_VersionName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_VERSION_LABEL)]
_InputName = Annotated[str, StringConstraints(max_length=200)]


class RunWorkflowRequest(Schema):
    """What a workflow is given, and how the answer is wanted."""

    inputs: dict[_InputName, JsonValue] = Field(
        {}, max_length=MAX_VARIABLES, description="A value for each input that start declares."
    )
    user: _UserText = Field(description="Your name for the end user the run is for.")
    response: Delivery = Field(
        Delivery.BLOCKING, description="A stream of events, the whole answer, or 202 at once."
    )
    resume_window: (
        Annotated[float, Field(ge=0, le=MAX_RESUME_SECONDS, allow_inf_nan=False)] | None
    ) = Field(
        None,
        description="Seconds that a stream's run goes on without a reader; "
        "20 unless the app or the operator has set another default.",
        examples=[20],
    )
    version: VersionChoice | _VersionNumber | _VersionName = Field(
        VersionChoice.PUBLISHED,
        union_mode="left_to_right",
        description="The published version, or one by its number, or by the label that it alone "
        "was published with; running the draft needs app:write.",
    )

    def to_command(self, app_id: UUID, claim: Claim | None) -> RunWorkflowCommand:
        """What is run."""
        window = self.resume_window
        return RunWorkflowCommand(
            app_id=AppId(app_id),
            user=EndUserName(self.user),
            inputs=self.inputs,
            response=self.response,
            resume_window=None if window is None else timedelta(seconds=window),
            version=self.version,
            claim=claim if self.response is Delivery.STREAM else None,
        )


class EndedRunResponse(Schema):
    """A run that was waited for; `elapsed` is in seconds."""

    id: UUID
    message_id: UUID | None = Field(description="The message that the run answers, if any.")
    status: RunStatus
    outputs: dict[str, Any]
    error: RunErrorResponse | None
    usage: RunUsageResponse
    elapsed: float
    links: RunLinks = Field(serialization_alias="_links")

    @classmethod
    def of(cls, run: BegunRun) -> Self:
        """The wire form of a run whose end is known."""
        result, elapsed = run.result, run.elapsed
        if result is None or elapsed is None:
            raise ValueError(run.run_id)
        return cls(
            id=run.run_id,
            message_id=run.message_id,
            status=result.status,
            outputs=dict(result.outputs),
            error=RunErrorResponse.of(result.error),
            usage=RunUsageResponse.of(result.usage),
            elapsed=round(elapsed.total_seconds(), 6),
            links=RunLinks.of(run.run_id),
        )


class AcceptedRunResponse(Schema):
    """A run that will be executed in the background."""

    id: UUID
    message_id: UUID | None = Field(description="The message that the run answers, if any.")
    status: RunStatus = Field(examples=["pending"])
    links: RunLinks = Field(serialization_alias="_links")

    @classmethod
    def of(cls, run: BegunRun) -> Self:
        """The wire form of a run that has just been stored."""
        return cls(
            id=run.run_id,
            message_id=run.message_id,
            status=RunStatus.PENDING,
            links=RunLinks.of(run.run_id),
        )
