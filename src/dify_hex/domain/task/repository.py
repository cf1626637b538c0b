"""Where tasks and schedules are on record."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.shared.ids import ScheduleId, TaskId
from dify_hex.domain.task.schedule import Schedule
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


class ScheduleRepository(Protocol):
    """The schedules of one tenant."""

    @abstractmethod
    async def find(self, schedule_id: ScheduleId) -> Schedule | None:
        """The schedule, if it is there."""

    @abstractmethod
    async def find_named(self, name: str) -> Schedule | None:
        """The schedule of that name, if there is one."""

    @abstractmethod
    def add(self, schedule: Schedule) -> None:
        """Keep a new schedule."""

    @abstractmethod
    async def remove(self, schedule: Schedule) -> None:
        """Forget a schedule."""
