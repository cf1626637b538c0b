"""What others may react to when a task fails for good; its owner reads everything else."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed(DomainEvent):
    """A task ended without success; a dead one waits for somebody to look into it."""

    name: ClassVar[str] = "task.failed"

    task_id: TaskId
    kind: str
    key: str | None
    error_code: str
    dead: bool
