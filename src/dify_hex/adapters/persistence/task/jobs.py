"""Takes jobs in the unit of work of what they are about."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import DateTime, bindparam, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert

from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.task.mapper import to_domain, write
from dify_hex.adapters.persistence.task.rows import NOT_OVER, TaskRow
from dify_hex.adapters.persistence.tracker import Trace
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobInvitation, JobRequest, Jobs
from dify_hex.domain.shared.ids import TaskId
from dify_hex.domain.task.errors import TaskNotFound
from dify_hex.domain.task.order import TaskOrder
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task

#: A job that is wanted at once is due by the clock that tells what is due, so that no difference
#: of clocks delays it.
_INSERT = (
    insert(TaskRow)
    .values(due_at=func.coalesce(bindparam("wanted_at", type_=DateTime(timezone=True)), func.now()))
    .on_conflict_do_nothing(index_elements=("tenant_id", "kind", "key"), index_where=text(NOT_OVER))
    .returning(TaskRow.id)
)
_COLUMNS = tuple(
    column.key for column in TaskRow.__table__.columns if column.key != TaskRow.due_at.key
)


class SqlJobs(Jobs):
    """Stores jobs as tasks; `invite` is told of each, for when the work is committed."""

    def __init__(self, scope: WorkScope, invite: Callable[[JobInvitation], None]) -> None:
        self._scope = scope
        self._invite = invite

    async def enqueue(self, request: JobRequest, *, now: datetime) -> TaskId:
        """Put the job on record, unless one with its key is not over."""
        task = self._task(request, now)
        while True:
            if await self._insert(task, request.not_before):
                break
            # It may end between the two looks; then this one is wanted after all.
            if (known := await self._known(request)) is not None:
                return known
        self._scope.tracker.leave(Trace(select(literal(True)).where(TaskRow.id == task.id)))
        self._invite(
            JobInvitation(
                tenant_id=self._scope.tenant_id,
                task_id=task.id,
                queue=request.queue,
                due_at=request.not_before,
            )
        )
        return task.id

    async def cancel(self, task_id: TaskId, *, now: datetime) -> None:
        """Ask that the job is ended."""
        row = await self._scope.session.scalar(
            select(TaskRow).where(TaskRow.tenant_id == self._scope.tenant_id, TaskRow.id == task_id)
        )
        if row is None:
            raise TaskNotFound
        task = self._scope.tracker.load(row, to_domain, write)
        if not task.state.status.is_over:
            task.cancel(now=now)

    async def is_wanted(self, task_id: TaskId) -> bool:
        """Whether the job goes on, by what is committed or done in this unit of work."""
        found = await self._scope.session.scalar(
            select(TaskRow.id).where(
                TaskRow.tenant_id == self._scope.tenant_id,
                TaskRow.id == task_id,
                TaskRow.cancel_requested_at.is_(None),
                TaskRow.status.in_([each.value for each in TaskStatus if not each.is_over]),
            )
        )
        return found is not None

    async def is_under_way(self, task_id: TaskId) -> bool:
        """Whether a worker has it; that of one who died is taken away when its lease is over."""
        found = await self._scope.session.scalar(
            select(TaskRow.id).where(
                TaskRow.tenant_id == self._scope.tenant_id,
                TaskRow.id == task_id,
                TaskRow.status == TaskStatus.PROCESSING.value,
            )
        )
        return found is not None

    async def _insert(self, task: Task, wanted_at: datetime | None) -> bool:
        row = TaskRow()
        write(task, row)
        values = {name: getattr(row, name) for name in _COLUMNS}
        connection = await self._scope.session.connection()
        inserted = await connection.execute(_INSERT, {**values, "wanted_at": wanted_at})
        return inserted.scalar() is not None

    async def _known(self, request: JobRequest) -> TaskId | None:
        found = await self._scope.session.scalar(
            select(TaskRow.id).where(
                TaskRow.tenant_id == self._scope.tenant_id,
                TaskRow.kind == request.kind,
                TaskRow.key == request.key,
                text(NOT_OVER),
            )
        )
        return None if found is None else TaskId(found)

    def _task(self, request: JobRequest, now: datetime) -> Task:
        return Task.create(
            id=TaskId(new_id()),
            tenant_id=self._scope.tenant_id,
            due_at=request.not_before or now,
            now=now,
            order=TaskOrder(
                kind=request.kind,
                queue=request.queue,
                arguments=request.arguments,
                key=request.key,
                requested_by=request.requested_by,
                max_attempts=request.max_attempts,
                soft_limit=request.soft_limit,
                hard_limit=request.hard_limit,
            ),
        )
