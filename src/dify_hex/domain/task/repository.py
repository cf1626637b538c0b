"""Where tasks are on record."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.task import Task


class TaskRepository(Protocol):
    """The tasks of one tenant."""

    @abstractmethod
    async def get(self, task_id: TaskId) -> Task:
        """The task.

        Raises:
            TaskNotFound: there is none.
        """

    @abstractmethod
    async def remove(self, task: Task) -> None:
        """Forget a task."""
