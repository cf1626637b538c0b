"""Tasks for tests, with everything that does not matter filled in."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from dify_hex.application.shared.identity import new_id
from dify_hex.application.task.ports import ClaimedTask
from dify_hex.domain.shared.ids import ScheduleId, TaskId, TenantId
from dify_hex.domain.task.order import TaskOrder
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.schedule import Schedule, ScheduledWork
from dify_hex.domain.task.task import Task, TaskProblem

NOW = datetime.fromisoformat("2026-11-21T12:00:00+00:00")
LATER = NOW + timedelta(hours=1)
TENANT = TenantId(UUID(int=1))
WORKER = "worker 1"
PROBLEM = TaskProblem(code="sys_unavailable", message="The model is away.")
ORDER = TaskOrder(
    kind="test_job",
    queue=JobQueue.NORMAL,
    arguments={"page": 1},
    key="page 1",
    requested_by=UUID(int=7),
    max_attempts=3,
    soft_limit=timedelta(minutes=1),
    hard_limit=timedelta(minutes=2),
)
NIGHTLY = ScheduledWork(
    cron="0 4 * * *", time_zone="UTC", kind="test_job", queue=JobQueue.LOW, arguments={"page": 1}
)


def a_task(*, max_attempts: int = 3, kind: str = ORDER.kind) -> Task:
    """A task that waits for a worker."""
    return Task.create(
        id=TaskId(new_id()),
        tenant_id=TENANT,
        order=replace(ORDER, max_attempts=max_attempts, kind=kind),
        due_at=NOW,
        now=NOW,
    )


def a_begun_task(*, max_attempts: int = 3, kind: str = ORDER.kind) -> tuple[Task, int]:
    """A task under way, and the token of its worker."""
    task = a_task(max_attempts=max_attempts, kind=kind)
    token = task.begin(WORKER, now=NOW)
    task.pull_events()
    return task, token


def a_failed_task(*, kind: str = ORDER.kind) -> Task:
    """A task that was given up."""
    task, token = a_begun_task(max_attempts=1, kind=kind)
    task.stumble(token, PROBLEM, now=NOW, jitter=0)
    task.pull_events()
    return task


def claimed(task: Task, **changes: object) -> ClaimedTask:
    """What the worker of a task that is under way has of it."""
    given = ClaimedTask(
        tenant_id=task.tenant_id,
        task_id=task.id,
        kind=task.order.kind,
        queue=task.order.queue,
        arguments=task.order.arguments,
        attempt=task.state.attempts,
        token=task.state.token,
        soft_limit=task.order.soft_limit,
        hard_limit=task.order.hard_limit,
        waited=timedelta(milliseconds=4),
    )
    return replace(given, **changes)  # type: ignore[arg-type] # named as its fields are


def a_schedule(*, next_at: datetime = LATER) -> Schedule:
    """A schedule that waits for its first time."""
    return Schedule.create(
        id=ScheduleId(new_id()),
        tenant_id=TENANT,
        name="nightly",
        work=NIGHTLY,
        next_at=next_at,
        now=NOW,
    )
