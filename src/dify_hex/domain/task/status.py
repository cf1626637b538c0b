"""Where a task stands, as its owner sees it."""

from enum import StrEnum


class TaskStatus(StrEnum):
    """Waiting, being worked on, or over."""

    PENDING = "pending"
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILURE = "failure"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in {TaskStatus.SUCCESS, TaskStatus.FAILURE}
