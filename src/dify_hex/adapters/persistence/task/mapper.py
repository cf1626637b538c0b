"""Tasks to rows and back."""

from datetime import timedelta

from dify_hex.adapters.persistence.task.rows import TaskRow
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.order import TaskOrder
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task, TaskProblem, TaskResult, TaskState

_MILLISECOND = timedelta(milliseconds=1)


def to_domain(row: TaskRow) -> Task:
    """The task of a row."""
    return Task(
        id=TaskId(row.id),
        tenant_id=TenantId(row.tenant_id),
        version=row.version,
        order=TaskOrder(
            kind=row.kind,
            queue=JobQueue(row.queue),
            arguments=row.arguments,
            key=row.key,
            requested_by=row.requested_by,
            max_attempts=row.max_attempts,
            soft_limit=row.soft_limit_ms * _MILLISECOND,
            hard_limit=row.hard_limit_ms * _MILLISECOND,
        ),
        state=TaskState(
            status=TaskStatus(row.status),
            created_at=row.created_at,
            due_at=row.due_at,
            token=row.token,
            attempts=row.attempts,
            losses=row.losses,
            lease_owner=row.lease_owner,
            progress=row.progress,
            note=row.note,
            result=_result(row),
            problem=_problem(row),
            started_at=row.started_at,
            finished_at=row.finished_at,
            cancel_requested_at=row.cancel_requested_at,
            dead_at=row.dead_at,
        ),
    )


def write(task: Task, row: TaskRow) -> None:
    """Copy the task to its row."""
    order, state = task.order, task.state
    row.id = task.id
    row.tenant_id = task.tenant_id
    row.kind = order.kind
    row.queue = order.queue.value
    row.key = order.key
    row.arguments = dict(order.arguments)
    row.requested_by = order.requested_by
    row.max_attempts = order.max_attempts
    row.soft_limit_ms = order.soft_limit // _MILLISECOND
    row.hard_limit_ms = order.hard_limit // _MILLISECOND
    row.status = state.status.value
    row.created_at = state.created_at
    row.due_at = state.due_at
    row.token = state.token
    row.attempts = state.attempts
    row.losses = state.losses
    row.lease_owner = state.lease_owner
    row.progress = state.progress
    row.note = state.note
    value = None if state.result is None else state.result.value
    row.result = None if value is None else dict(value)
    row.result_blob = None if state.result is None else state.result.blob_key
    row.error_code = None if state.problem is None else state.problem.code
    row.error_message = None if state.problem is None else state.problem.message
    row.started_at = state.started_at
    row.finished_at = state.finished_at
    row.cancel_requested_at = state.cancel_requested_at
    row.dead_at = state.dead_at
    row.version = task.version


def _result(row: TaskRow) -> TaskResult | None:
    if row.result is None and row.result_blob is None:
        return None
    return TaskResult(value=row.result, blob_key=row.result_blob)


def _problem(row: TaskRow) -> TaskProblem | None:
    if row.error_code is None:
        return None
    return TaskProblem(code=row.error_code, message=row.error_message or "")
