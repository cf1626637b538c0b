"""Tasks on the wire."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from dify_hex.application.task.read_models import TaskView
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus
from dify_hex.entrypoints.http.envelope import Schema


class TaskError(Schema):
    """Why a task failed, or why its last attempt did."""

    code: str = Field(examples=["sys_unavailable"])
    message: str = Field(examples=["A dependency is unavailable."])


class TaskResponse(Schema):
    """A background job; `progress` goes from 0 to 100."""

    id: UUID
    kind: str = Field(examples=["index_document"])
    queue: JobQueue
    key: str | None = Field(description="Of the tasks with one key, one at most is not over.")
    arguments: dict[str, Any]
    requested_by: UUID | None = Field(description="The account or the API key that asked for it.")
    status: TaskStatus
    progress: float = Field(examples=[42.5])
    note: str = Field(description="What is being done.", examples=["embedding"])
    attempts: int
    max_attempts: int
    result: dict[str, Any] | None = Field(description="Long ones are in the single task only.")
    error: TaskError | None
    dead: bool = Field(description="Given up; it waits for somebody to retry or to drop it.")
    cancel_requested: bool
    created_at: datetime
    due_at: datetime = Field(description="It is not begun earlier.")
    started_at: datetime | None = Field(description="When the last attempt began.")
    finished_at: datetime | None

    @classmethod
    def of(cls, task: TaskView) -> Self:
        """The wire form."""
        return cls(
            id=task.id,
            kind=task.kind,
            queue=task.queue,
            key=task.key,
            arguments=dict(task.arguments),
            requested_by=task.requested_by,
            status=task.status,
            progress=task.progress,
            note=task.note,
            attempts=task.attempts,
            max_attempts=task.max_attempts,
            result=None if task.result is None else dict(task.result),
            error=_error(task),
            dead=task.is_dead,
            cancel_requested=task.cancel_requested,
            created_at=task.created_at,
            due_at=task.due_at,
            started_at=task.started_at,
            finished_at=task.finished_at,
        )


def _error(task: TaskView) -> TaskError | None:
    if task.error_code is None:
        return None
    return TaskError(code=task.error_code, message=task.error_message or "")
