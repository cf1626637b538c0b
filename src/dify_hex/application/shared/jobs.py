"""Background jobs: how they are asked for, and what does them."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol
from uuid import UUID

from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job that is wanted.

    `arguments` are ids and short facts, never contents or secrets. While a job of the same kind
    and `key` is not over, asking again gives that one. At `soft_limit` the job is told to come to
    an end, at `hard_limit` it is ended.
    """

    kind: str
    arguments: JsonObject = field(default_factory=dict)
    queue: JobQueue = JobQueue.NORMAL
    key: str | None = None
    #: None begins it at once.
    not_before: datetime | None = None
    #: The account or the API key that asks; None where the system does it by itself.
    requested_by: UUID | None = None
    max_attempts: int = 5
    soft_limit: timedelta = timedelta(minutes=30)
    hard_limit: timedelta = timedelta(minutes=35)


class Jobs(Protocol):
    """Takes jobs in the transaction of what they are about: both are kept, or neither is."""

    @abstractmethod
    async def enqueue(self, request: JobRequest, *, now: datetime) -> TaskId:
        """Put the job on record; workers are woken once the transaction is committed."""

    @abstractmethod
    async def cancel(self, task_id: TaskId, *, now: datetime) -> None:
        """Ask that the job is ended; one that is over stays as it is.

        Raises:
            TaskNotFound: there is none.
        """

    @abstractmethod
    async def is_wanted(self, task_id: TaskId) -> bool:
        """Whether the job waits or is under way, and nobody has asked that it is ended."""

    @abstractmethod
    async def is_under_way(self, task_id: TaskId) -> bool:
        """Whether a worker has the job at this moment, wanted or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobInvitation:
    """Tells workers that a job of a queue waits, or will be due."""

    tenant_id: TenantId
    task_id: TaskId
    queue: JobQueue
    #: How often the job was begun before; each attempt is invited to once.
    token: int = 0
    #: None is at once.
    due_at: datetime | None = None


class JobAnnouncer(Protocol):
    """Invites workers to jobs that are committed; what it loses is found by the sweep."""

    @abstractmethod
    def announce(self, invitations: Sequence[JobInvitation]) -> None:
        """Pass them on soon; never fails and never waits."""


class SilentAnnouncer(JobAnnouncer):
    """For those beside whom no worker listens: the sweep finds the jobs."""

    def announce(self, invitations: Sequence[JobInvitation]) -> None:
        """Tell nobody."""


class JobWork(UnitOfWork, Protocol):
    """A unit of work that can ask for jobs."""

    @property
    @abstractmethod
    def jobs(self) -> Jobs:
        """Takes the tenant's jobs."""


class JobInterrupted(Exception):
    """The attempt has to end; a handler lets this pass, after it has kept what is done so far."""


class JobCancelled(JobInterrupted):
    """Its owner does not want it any more."""


class JobTakenOver(JobInterrupted):
    """Another worker has it; nothing more may be done."""


class JobTimeUp(JobInterrupted):
    """Its soft limit is reached; the next attempt goes on from what was kept."""


class RunningJob(Protocol):
    """One attempt at a job, as its handler sees it."""

    tenant_id: TenantId
    task_id: TaskId
    #: Counted from 1.
    attempt: int
    arguments: JsonObject

    @abstractmethod
    async def report(self, progress: float, note: str = "") -> None:
        """Say how far the work is, from 0 to 100; cheap enough to be called often.

        Raises:
            JobCancelled: its owner does not want it any more.
            JobTakenOver: another worker has it; nothing more may be done.
            JobTimeUp: its soft limit is reached; what is done so far is kept.
        """


class JobHandler(Protocol):
    """Does jobs of one kind.

    A job may be begun again after a crash at any point: everything a handler does has to bear it.
    `Unavailable` and a time that is up make it be tried again later, and so does an error that
    nobody foresaw; any other DomainError ends it as failed.
    """

    kind: ClassVar[str]

    @abstractmethod
    async def run(self, job: RunningJob) -> JsonObject:
        """Do the job; the result is shown to its owner."""
