"""Retries and forks on the wire."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, JsonValue, StringConstraints

from dify_hex.application.app.branching import Reception
from dify_hex.application.app.fork_run import ForkGraph, ForkRunCommand
from dify_hex.application.app.retry_run import RetryRunCommand
from dify_hex.application.shared.idempotency import Claim
from dify_hex.application.workflow.delivery import Delivery
from dify_hex.application.workflow.started_run import DEFAULT_RESUME_WINDOW
from dify_hex.domain.app.limits import MAX_RESUME_SECONDS
from dify_hex.domain.shared.ids import NodeId, WorkflowRunId
from dify_hex.entrypoints.http.envelope import Schema

_Name = Annotated[str, StringConstraints(max_length=300)]
_MAX_CHANGES = 200


class RetryRunRequest(Schema):
    """How the new run's answer is wanted."""

    response: Delivery = Field(
        Delivery.BLOCKING, description="A stream of events, the whole answer, or 202 at once."
    )
    resume_window: (
        Annotated[float, Field(ge=0, le=MAX_RESUME_SECONDS, allow_inf_nan=False)] | None
    ) = Field(None, description="Seconds that a stream's run goes on without a reader.")

    def reception(self, claim: Claim | None) -> Reception:
        """The use case's form of it."""
        window = self.resume_window
        return Reception(
            response=self.response,
            resume_window=DEFAULT_RESUME_WINDOW if window is None else timedelta(seconds=window),
            claim=claim if self.response is Delivery.STREAM else None,
        )

    def to_retry(self, run_id: UUID, claim: Claim | None) -> RetryRunCommand:
        """What is tried again."""
        return RetryRunCommand(run_id=WorkflowRunId(run_id), reception=self.reception(claim))


class ForkRunRequest(RetryRunRequest):
    """From where a run is done again, and what is different before that."""

    node_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    variables: dict[_Name, JsonValue] = Field(
        {},
        max_length=_MAX_CHANGES,
        description="Other values for outputs of nodes that are not done again.",
        examples=[{"draft.text": "Another draft."}],
    )
    inputs: dict[_Name, JsonValue] = Field(
        {}, max_length=_MAX_CHANGES, description="Other values for inputs of the start."
    )
    graph: ForkGraph = Field(ForkGraph.SAME, description="Forking to the draft needs app:write.")

    def to_fork(self, run_id: UUID, claim: Claim | None) -> ForkRunCommand:
        """What is forked."""
        return ForkRunCommand(
            run_id=WorkflowRunId(run_id),
            node_id=NodeId(self.node_id),
            reception=self.reception(claim),
            variables=self.variables,
            inputs=self.inputs,
            graph=self.graph,
        )
