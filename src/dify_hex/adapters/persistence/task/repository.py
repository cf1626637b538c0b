"""Tasks in one unit of work."""

from sqlalchemy import select

from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.task.mapper import to_domain, write
from dify_hex.adapters.persistence.task.rows import TaskRow
from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.errors import TaskNotFound
from dify_hex.domain.task.repository import TaskRepository
from dify_hex.domain.task.task import Task


class SqlTaskRepository(TaskRepository):
    """The tasks of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, task_id: TaskId) -> Task:
        """The task."""
        row = await self._scope.session.scalar(
            select(TaskRow).where(TaskRow.tenant_id == self._scope.tenant_id, TaskRow.id == task_id)
        )
        if row is None:
            raise TaskNotFound
        return self._scope.tracker.load(row, to_domain, write)

    async def remove(self, task: Task) -> None:
        """Forget a task."""
        await self._scope.tracker.remove(task)
