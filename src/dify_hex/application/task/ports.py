"""What tasks need from outside: their rows, their workers' leases, and somebody to tell."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dify_hex.application.shared.jobs import JobInvitation, JobWork
from dify_hex.application.task.read_models import TaskFilter, TaskView
from dify_hex.domain.shared.ids import ScheduleId, TaskId, TenantId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.repository import ScheduleRepository, TaskRepository


class TaskWork(JobWork, Protocol):
    """A unit of work over tasks."""

    @property
    @abstractmethod
    def tasks(self) -> TaskRepository:
        """The tenant's tasks."""


class ScheduleWork(JobWork, Protocol):
    """A unit of work over schedules, and the jobs that they ask for."""

    @property
    @abstractmethod
    def schedules(self) -> ScheduleRepository:
        """The tenant's schedules."""


class TaskReader(Protocol):
    """Looks at a tenant's tasks."""

    @abstractmethod
    async def list_tasks(
        self, tenant_id: TenantId, wanted: TaskFilter, cursor: CursorRequest
    ) -> CursorPage[TaskView]:
        """Tasks, the latest first."""

    @abstractmethod
    async def show_task(self, tenant_id: TenantId, task_id: TaskId) -> TaskView:
        """One task.

        Raises:
            TaskNotFound: there is none.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTask:
    """A task that a worker of this process has taken on, with all that its handler needs."""

    tenant_id: TenantId
    task_id: TaskId
    kind: str
    queue: JobQueue
    arguments: JsonObject
    #: Counted from 1.
    attempt: int
    #: Rises with every worker that takes the task on.
    token: int
    soft_limit: timedelta
    hard_limit: timedelta
    #: How long it has waited for this since it was due.
    waited: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A sign of life of one claimed task, and how far it is."""

    task_id: TaskId
    token: int
    progress: float
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTask:
    """An attempt that is still its owner's, and whether it is to be ended."""

    task_id: TaskId
    token: int
    is_cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LostTask:
    """A task whose worker has vanished."""

    tenant_id: TenantId
    task_id: TaskId
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBacklog:
    """How many tasks of a queue could be begun now, and how many wait for somebody to look."""

    queue: JobQueue
    waiting: int
    dead: int


class TaskLeases(Protocol):
    """Who works on what, across all tenants.

    Every method raises `Unavailable` when the database is away.
    """

    @abstractmethod
    async def claim(self, queue: JobQueue, owner: str, *, per_tenant: int) -> ClaimedTask | None:
        """Take on one task that is due, of the tenant whose turn it is.

        It is the turn of whoever has the fewest under way, and among those of whoever was served
        longest ago. None when nothing is due, or only tasks of tenants with `per_tenant` of the
        queue's tasks under way at this owner.
        """

    @abstractmethod
    async def is_waiting(self, queue: JobQueue) -> bool:
        """Whether a task of the queue is due, whoever's it is."""

    @abstractmethod
    async def beat(self, owner: str, beats: Sequence[Heartbeat]) -> Sequence[KeptTask]:
        """Keep tasks for another while; those attempts that are still the owner's.

        Two attempts at one task may be under way at one owner, of which one was superseded.
        """

    @abstractmethod
    async def lost(self, *, limit: int) -> Sequence[LostTask]:
        """Some tasks that have given no sign of life for too long.

        There are none for a while after the database was away, as nobody could give one.
        """

    @abstractmethod
    async def overdue(self, queue: JobQueue, *, limit: int) -> Sequence[JobInvitation]:
        """Tasks that are due and were not begun, the longest due first."""

    @abstractmethod
    async def backlog(self) -> Sequence[TaskBacklog]:
        """The figures of every queue; counting ends at some thousands."""


class KeptTasks(Protocol):
    """The tasks of all tenants that are over, for what takes them away."""

    @abstractmethod
    def forgetting(
        self, *, ended_before: datetime, limit: int, only_if_done: Collection[str]
    ) -> AbstractAsyncContextManager[Sequence[tuple[TenantId, TaskId, bool]]]:
        """Take some tasks away that ended before, when the block is left without an error.

        It gives them, and whether each has put a long result aside. One that was begun anew in
        between is not over, and stays; and so does one of the kinds `only_if_done` that has failed.
        """


class DueSchedules(Protocol):
    """The schedules of all tenants whose time has come."""

    @abstractmethod
    async def due(self, *, limit: int) -> Sequence[tuple[TenantId, ScheduleId]]:
        """Some of them, the longest due first.

        Raises:
            Unavailable: the database is away.
        """


class CronCalendar(Protocol):
    """Knows what cron expressions mean."""

    @abstractmethod
    def next_after(self, cron: str, time_zone: str, moment: datetime) -> datetime:
        """The first time after the moment.

        Raises:
            ScheduleInvalid: the expression or the time zone cannot be meant.
        """


class JobInviter(Protocol):
    """Hands invitations to workers, wherever they are."""

    @abstractmethod
    async def invited(self, queue: JobQueue) -> int:
        """How many invitations of the queue are there, those being followed included.

        Raises:
            Unavailable: the transport is away.
        """

    @abstractmethod
    async def invite_again(self, invitations: Sequence[JobInvitation]) -> int:
        """Hand over those that are not there any more; how many that were.

        Raises:
            Unavailable: the transport is away.
        """


class DeadLetters(Protocol):
    """Is told of every task that was given up; never fails."""

    @abstractmethod
    def report(self, *, tenant_id: TenantId, task_id: TaskId, kind: str, code: str) -> None:
        """Call somebody who looks into it."""
