"""What others may react to when a run ends or pauses; everything finer stays in the journal."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import MessageId, WorkflowRunId
from dify_hex.domain.workflow.statuses import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunEnded(DomainEvent):
    """How far a run has come, and what it has consumed."""

    run_id: WorkflowRunId
    status: RunStatus
    message_id: MessageId | None
    error_code: str | None
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunFinished(_RunEnded):
    """A run ended as it should, or was stopped."""

    name: ClassVar[str] = "workflow_run.finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunFailed(_RunEnded):
    """A run ended with an error."""

    name: ClassVar[str] = "workflow_run.failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRunPaused(_RunEnded):
    """A run waits for somebody."""

    name: ClassVar[str] = "workflow_run.paused"


WorkflowRunEnded = WorkflowRunFinished | WorkflowRunFailed | WorkflowRunPaused

#: Which event tells of a run that has come to rest in a status.
EVENT_FOR: dict[RunStatus, type[WorkflowRunEnded]] = {
    RunStatus.SUCCEEDED: WorkflowRunFinished,
    RunStatus.PARTIAL_SUCCEEDED: WorkflowRunFinished,
    RunStatus.STOPPED: WorkflowRunFinished,
    RunStatus.EXPIRED: WorkflowRunFinished,
    RunStatus.FAILED: WorkflowRunFailed,
    RunStatus.PAUSED: WorkflowRunPaused,
}
