"""Tasks in memory: their units of work, and those who work on them."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cached_property

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.jobs import JobAnnouncer, JobInvitation, JobRequest, Jobs
from dify_hex.application.task.ports import (
    ClaimedTask,
    Heartbeat,
    JobInviter,
    KeptTask,
    KeptTasks,
    LostTask,
    TaskBacklog,
    TaskLeases,
    TaskWork,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.errors import TaskNotFound
from dify_hex.domain.task.order import TaskOrder
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.repository import TaskRepository
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import Task
from tests.builders.task import claimed
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork


class MemoryTaskRepository(TaskRepository):
    """The tasks of one unit of work."""

    def __init__(self, table: MemoryTable[Task]) -> None:
        self._table = table

    async def get(self, task_id: TaskId) -> Task:
        task = self._table.find(task_id)
        if task is None:
            raise TaskNotFound
        return task

    async def remove(self, task: Task) -> None:
        self._table.remove(task.id)


class MemoryJobs(Jobs):
    """Keeps jobs as tasks of one unit of work."""

    def __init__(self, table: MemoryTable[Task], tenant_id: TenantId) -> None:
        self._table = table
        self._tenant_id = tenant_id

    async def enqueue(self, request: JobRequest, *, now: datetime) -> TaskId:
        known = self._table.first(
            lambda task: (
                request.key is not None
                and (task.order.kind, task.order.key) == (request.kind, request.key)
                and not task.state.status.is_over
            )
        )
        if known is not None:
            return known.id
        task = Task.create(
            id=TaskId(new_id()),
            tenant_id=self._tenant_id,
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
        self._table.add(task.id, task)
        return task.id

    async def cancel(self, task_id: TaskId, *, now: datetime) -> None:
        task = self._table.find(task_id)
        if task is None:
            raise TaskNotFound
        if not task.state.status.is_over:
            task.cancel(now=now)

    async def is_under_way(self, task_id: TaskId) -> bool:
        task = self._table.find(task_id)
        return task is not None and task.state.status is TaskStatus.PROCESSING

    async def is_wanted(self, task_id: TaskId) -> bool:
        task = self._table.find(task_id)
        if task is None or task.state.cancel_requested_at is not None:
            return False
        return not task.state.status.is_over


class MemoryTaskWork(MemoryWork, TaskWork):
    """A unit of work over tasks."""

    @cached_property
    def tasks(self) -> MemoryTaskRepository:
        return MemoryTaskRepository(self.table(Task))

    @cached_property
    def jobs(self) -> MemoryJobs:
        return MemoryJobs(self.table(Task), self.tenant_id)


class MemoryTaskLeases(TaskLeases):
    """Who works on which of a database's tasks; a test says who was heard of."""

    def __init__(self, database: MemoryDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.beats: list[Heartbeat] = []
        self.silent: set[str] = set()
        self.is_away = False

    async def claim(self, queue: JobQueue, owner: str, *, per_tenant: int) -> ClaimedTask | None:
        self._ask()
        tasks = self._database.all(Task)
        here = [task.tenant_id for task in tasks if task.state.lease_owner == owner]
        for task in tasks:
            if self._is_due(task, queue) and here.count(task.tenant_id) < per_tenant:
                async with MemoryTaskWork(self._database, task.tenant_id) as work:
                    found = await work.tasks.get(task.id)
                    found.begin(owner, now=self._clock.now())
                    await work.commit()
                return claimed(found)
        return None

    async def is_waiting(self, queue: JobQueue) -> bool:
        self._ask()
        return any(self._is_due(task, queue) for task in self._database.all(Task))

    async def beat(self, owner: str, beats: Sequence[Heartbeat]) -> Sequence[KeptTask]:
        self._ask()
        self.beats.extend(beats)
        held = {(beat.task_id, beat.token) for beat in beats}
        return [
            KeptTask(
                task_id=task.id,
                token=task.state.token,
                is_cancelled=task.state.cancel_requested_at is not None,
            )
            for task in self._database.all(Task)
            if task.state.lease_owner == owner and (task.id, task.state.token) in held
        ]

    async def lost(self, *, limit: int) -> Sequence[LostTask]:
        self._ask()
        return [
            LostTask(tenant_id=task.tenant_id, task_id=task.id, token=task.state.token)
            for task in self._database.all(Task)
            if task.state.lease_owner in self.silent
        ][:limit]

    async def overdue(self, queue: JobQueue, *, limit: int) -> Sequence[JobInvitation]:
        self._ask()
        return [
            JobInvitation(
                tenant_id=task.tenant_id, task_id=task.id, queue=queue, token=task.state.token
            )
            for task in self._database.all(Task)
            if self._is_due(task, queue)
        ][:limit]

    async def backlog(self) -> Sequence[TaskBacklog]:
        self._ask()
        tasks = self._database.all(Task)
        return [
            TaskBacklog(
                queue=queue,
                waiting=sum(self._is_due(task, queue) for task in tasks),
                dead=sum(
                    task.state.dead_at is not None and task.order.queue is queue for task in tasks
                ),
            )
            for queue in JobQueue
        ]

    def _is_due(self, task: Task, queue: JobQueue) -> bool:
        state = task.state
        return (
            task.order.queue is queue
            and state.status is TaskStatus.PENDING
            and state.due_at <= self._clock.now()
        )

    def _ask(self) -> None:
        if self.is_away:
            raise Unavailable(dependency="database")


class MemoryInvitations(JobAnnouncer, JobInviter):
    """Remembers who was invited."""

    def __init__(self) -> None:
        self.sent: list[JobInvitation] = []
        self.crowd = 0

    def announce(self, invitations: Sequence[JobInvitation]) -> None:
        self.sent.extend(invitations)

    async def invited(self, queue: JobQueue) -> int:
        return self.crowd + sum(each.queue is queue for each in self.sent)

    async def invite_again(self, invitations: Sequence[JobInvitation]) -> int:
        missing = [each for each in invitations if each not in self.sent]
        self.sent.extend(missing)
        return len(missing)


class MemoryKeptTasks(KeptTasks):
    """The tasks of all tenants that are over."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    @asynccontextmanager
    async def forgetting(
        self, *, ended_before: datetime, limit: int, only_if_done: Collection[str]
    ) -> AsyncIterator[Sequence[tuple[TenantId, TaskId, bool]]]:
        going = [
            task
            for task in self._database.all(Task)
            if task.state.finished_at is not None
            and task.state.finished_at < ended_before
            and (task.state.status is TaskStatus.SUCCESS or task.order.kind not in only_if_done)
        ][:limit]
        yield [
            (
                task.tenant_id,
                task.id,
                task.state.result is not None and task.state.result.blob_key is not None,
            )
            for task in going
        ]
        rows = self._database.tables[Task]
        gone = {task.id for task in going}
        for key in [key for key in rows if key[1] in gone]:
            del rows[key]
