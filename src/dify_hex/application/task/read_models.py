"""Tasks as they are shown."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task; `progress` goes from 0 to 100."""

    id: TaskId
    kind: str
    queue: JobQueue
    key: str | None
    arguments: JsonObject
    requested_by: UUID | None
    status: TaskStatus
    progress: float
    note: str
    attempts: int
    max_attempts: int
    result: JsonObject | None
    #: Where the result lies when it is too long for the row.
    result_blob: str | None
    error_code: str | None
    error_message: str | None
    is_dead: bool
    cancel_requested: bool
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks are wanted; what is None does not matter."""

    status: TaskStatus | None = None
    kind: str | None = None
    queue: JobQueue | None = None
    #: Only those that were given up, for somebody to look into.
    dead: bool = False
