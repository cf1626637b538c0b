"""Looking at tasks, straight from SQL."""

from typing import Any

from sqlalchemy import Row, Select, select, text

from dify_hex.adapters.persistence.task.rows import DEAD, TaskRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.task.ports import TaskReader
from dify_hex.application.task.read_models import TaskFilter, TaskView
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.task.errors import TaskNotFound
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus

_TASK = (
    TaskRow.id,
    TaskRow.kind,
    TaskRow.queue,
    TaskRow.key,
    TaskRow.arguments,
    TaskRow.requested_by,
    TaskRow.status,
    TaskRow.progress,
    TaskRow.note,
    TaskRow.attempts,
    TaskRow.max_attempts,
    TaskRow.result,
    TaskRow.result_blob,
    TaskRow.error_code,
    TaskRow.error_message,
    TaskRow.dead_at,
    TaskRow.cancel_requested_at,
    TaskRow.created_at,
    TaskRow.due_at,
    TaskRow.started_at,
    TaskRow.finished_at,
)


class SqlTaskReader(TaskReader):
    """Looks at a tenant's tasks."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_tasks(
        self, tenant_id: TenantId, wanted: TaskFilter, cursor: CursorRequest
    ) -> CursorPage[TaskView]:
        """Tasks, the latest first: their ids sort by time."""
        statement = _wanted(tenant_id, wanted).order_by(TaskRow.id.desc()).limit(cursor.limit + 1)
        if cursor.after is not None:
            statement = statement.where(TaskRow.id < cursor.after)
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(statement)).all()
        views = [_view(row) for row in rows[: cursor.limit]]
        return CursorPage(
            items=views, next_cursor=views[-1].id if len(rows) > cursor.limit else None
        )

    async def show_task(self, tenant_id: TenantId, task_id: TaskId) -> TaskView:
        """One task."""
        statement = select(*_TASK).where(TaskRow.tenant_id == tenant_id, TaskRow.id == task_id)
        async with self._reads(tenant_id) as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise TaskNotFound
        return _view(row)


def _wanted(tenant_id: TenantId, wanted: TaskFilter) -> Select[Any]:
    statement = select(*_TASK).where(TaskRow.tenant_id == tenant_id)
    if wanted.status is not None:
        statement = statement.where(TaskRow.status == wanted.status.value)
    if wanted.kind is not None:
        statement = statement.where(TaskRow.kind == wanted.kind)
    if wanted.queue is not None:
        statement = statement.where(TaskRow.queue == wanted.queue.value)
    if wanted.dead:
        # As text, so that the planner knows it for the condition of the index.
        statement = statement.where(text(DEAD))
    return statement


def _view(row: Row[*tuple[Any, ...]]) -> TaskView:
    return TaskView(
        id=TaskId(row.id),
        kind=row.kind,
        queue=JobQueue(row.queue),
        key=row.key,
        arguments=row.arguments,
        requested_by=row.requested_by,
        status=TaskStatus(row.status),
        progress=row.progress,
        note=row.note,
        attempts=row.attempts,
        max_attempts=row.max_attempts,
        result=row.result,
        result_blob=row.result_blob,
        error_code=row.error_code,
        error_message=row.error_message,
        is_dead=row.dead_at is not None,
        cancel_requested=row.cancel_requested_at is not None,
        created_at=row.created_at,
        due_at=row.due_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
