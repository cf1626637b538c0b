"""Background jobs: how they are asked for, and what does them."""

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject


class JobQueue(StrEnum):
    """How urgent a job is; each queue has its share of a worker, so that none starves."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


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
        """Ask that the job is ended; one that is over stays as it is."""


class JobWork(UnitOfWork, Protocol):
    """A unit of work that can ask for jobs."""

    @property
    @abstractmethod
    def jobs(self) -> Jobs:
        """Takes the tenant's jobs."""


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
    `Unavailable` makes it be tried again later; any other DomainError ends it as failed.
    """

    kind: ClassVar[str]

    @abstractmethod
    async def run(self, job: RunningJob) -> JsonObject:
        """Do the job; the result is shown to its owner."""
