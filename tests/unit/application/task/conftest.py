"""Background jobs over ports in memory."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.task.job_runner import JobRunner
from dify_hex.application.task.job_standing import JobStanding
from dify_hex.application.task.ports import ClaimedTask
from dify_hex.application.task.task_keeper import TaskKeeper
from dify_hex.domain.task.task import Task
from tests.builders.task import NOW, WORKER, a_task, claimed
from tests.fakes.kept_jobs import DoneJobs, KeptDeadLetters, KeptFaults
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.memory_task import MemoryInvitations, MemoryTaskLeases, MemoryTaskWork
from tests.fakes.memory_work import MemoryDatabase


class MovableClock(Clock):
    """Stands until a test moves it."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@dataclass(kw_only=True)
class Office:
    """Everything that does jobs, without a server."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    clock: MovableClock = field(default_factory=MovableClock)
    invitations: MemoryInvitations = field(default_factory=MemoryInvitations)
    blobs: MemoryBlobStorage = field(default_factory=MemoryBlobStorage)
    dead_letters: KeptDeadLetters = field(default_factory=KeptDeadLetters)
    faults: KeptFaults = field(default_factory=KeptFaults)
    handler: DoneJobs = field(default_factory=DoneJobs)

    def __post_init__(self) -> None:
        self.leases = MemoryTaskLeases(self.database, self.clock)
        self.begin = self.database.begin_with(MemoryTaskWork)
        self.standing = JobStanding(
            begin=self.begin,
            announcer=self.invitations,
            blobs=self.blobs,
            dead_letters=self.dead_letters,
            clock=self.clock,
            telemetry=SilentTelemetry(),
            faults=self.faults,
        )
        self.keeper = TaskKeeper(
            leases=self.leases, owner=WORKER, telemetry=self.standing.telemetry
        )
        self.runner = JobRunner(handlers=[self.handler], keeper=self.keeper, standing=self.standing)

    async def has(self, task: Task) -> Task:
        """Put a task on record."""
        async with self.begin(task.tenant_id) as work:
            work.table(Task).add(task.id, task)
            await work.commit()
        return task

    async def has_begun(self, **changes: object) -> ClaimedTask:
        """Put a task on record that this worker has taken on."""
        attempts = changes.pop("max_attempts", 3)
        assert isinstance(attempts, int)
        task = a_task(max_attempts=attempts)
        task.begin(WORKER, now=NOW)
        await self.has(task)
        return claimed(task, **changes)

    def task(self) -> Task:
        """The only task there is."""
        [task] = self.database.all(Task)
        return task


@pytest.fixture
def office() -> Office:
    return Office()
