"""Everything that does background jobs, put together over real servers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import asyncpg
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.arq.invitations import ArqInvitations
from dify_hex.adapters.arq.workers import ArqWorkers
from dify_hex.adapters.persistence.engine import PoolSettings, make_engine, make_pool
from dify_hex.adapters.persistence.task.leases import PostgresTaskLeases
from dify_hex.adapters.persistence.task.reader import SqlTaskReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.clock import SystemClock
from dify_hex.application.shared.jobs import JobHandler, JobRequest
from dify_hex.application.shared.telemetry import SilentTelemetry
from dify_hex.application.task.job_desk import JobDesk
from dify_hex.application.task.job_runner import JobRunner
from dify_hex.application.task.job_standing import JobStanding
from dify_hex.application.task.read_models import TaskView
from dify_hex.application.task.sweep_tasks import SweepTasks
from dify_hex.application.task.task_keeper import TaskKeeper
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.queue import JobQueue
from dify_hex.entrypoints.worker.tasks import run_task
from tests.fakes.kept_jobs import KeptDeadLetters, KeptFaults
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.servers import RunningServers

PLACES: Mapping[JobQueue, int] = {
    JobQueue.CRITICAL: 2,
    JobQueue.HIGH: 2,
    JobQueue.NORMAL: 4,
    JobQueue.LOW: 2,
}
_CONNECTIONS = 16
POOL = PoolSettings(application_name="jobs", size=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStand:
    """One process's worth of background jobs; `working` is what a worker adds to an API."""

    engine: AsyncEngine
    system_pool: asyncpg.Pool
    redis: Redis
    invitations: ArqInvitations
    leases: PostgresTaskLeases
    keeper: TaskKeeper
    desk: JobDesk
    workers: ArqWorkers
    sweep: SweepTasks
    standing: JobStanding
    dead_letters: KeptDeadLetters
    faults: KeptFaults
    blobs: MemoryBlobStorage

    async def enqueue(self, tenant_id: TenantId, *requests: JobRequest) -> list[TaskId]:
        """Ask for jobs in one transaction."""
        async with self.begin(tenant_id) as work:
            now = self.standing.clock.now()
            ids = [await work.jobs.enqueue(request, now=now) for request in requests]
            await work.commit()
        return ids

    def begin(self, tenant_id: TenantId) -> SqlUnitOfWork:
        """A unit of work that invites workers."""
        return SqlUnitOfWork(self.engine, tenant_id, announcer=self.invitations)

    async def show(self, tenant_id: TenantId, task_id: TaskId) -> TaskView:
        """A task as its owner sees it."""
        return await SqlTaskReader(tenant_reads(self.engine)).show_task(tenant_id, task_id)

    async def finished(
        self, tenant_id: TenantId, task_id: TaskId, *, within: float = 10
    ) -> TaskView:
        """A task once it is over."""

        async def is_over() -> bool:
            return (await self.show(tenant_id, task_id)).status.is_over

        await eventually(is_over, within=within)
        return await self.show(tenant_id, task_id)

    @asynccontextmanager
    async def announcing(self) -> AsyncIterator[None]:
        """Send invitations, as every process does."""
        async with _while_open(self.invitations.run()):
            yield

    @asynccontextmanager
    async def working(self, *, sweeping: bool = True, every: float = 0.2) -> AsyncIterator[None]:
        """Do jobs, as a worker does; the sweep looks every so many seconds."""
        loops = [self.invitations.run(), self.workers.run(), self.keeper.keep()]
        if sweeping:
            loops.append(_every(every, self.sweep.execute))
        async with _while_open(*loops):
            yield


@asynccontextmanager
async def job_stand(
    servers: RunningServers,
    *handlers: JobHandler,
    owner: str = "worker 1",
    places: Mapping[JobQueue, int] = PLACES,
) -> AsyncIterator[JobStand]:
    """A stand with these handlers, connected to the servers."""
    engine = make_engine(servers.database_url, POOL)
    redis = Redis.from_url(servers.redis_url)
    # A connection that is cut off while it is made would be left open by the library.
    await asyncio.gather(*(redis.ping() for _ in range(_CONNECTIONS)))
    async with make_pool(servers.system_url, POOL) as system_pool:
        yield _put_together(engine, system_pool, redis, handlers, owner, places)
    await redis.aclose()
    await engine.dispose()
    # What was cut off in the middle of a command is closed by the loop's next round.
    await asyncio.sleep(0.01)


def _put_together(
    engine: AsyncEngine,
    system_pool: asyncpg.Pool,
    redis: Redis,
    handlers: Sequence[JobHandler],
    owner: str,
    places: Mapping[JobQueue, int],
) -> JobStand:
    invitations = ArqInvitations(redis)
    leases = PostgresTaskLeases(system_pool)
    dead_letters, faults, blobs = KeptDeadLetters(), KeptFaults(), MemoryBlobStorage()
    standing = JobStanding(
        begin=partial(SqlUnitOfWork, engine, announcer=invitations),
        announcer=invitations,
        blobs=blobs,
        dead_letters=dead_letters,
        clock=SystemClock(),
        telemetry=SilentTelemetry(),
        faults=faults,
    )
    keeper = TaskKeeper(leases=leases, owner=owner, telemetry=standing.telemetry)
    runner = JobRunner(handlers=handlers, keeper=keeper, standing=standing)
    desk = JobDesk(leases=leases, runner=runner, owner=owner, places=places)
    return JobStand(
        engine=engine,
        system_pool=system_pool,
        redis=redis,
        invitations=invitations,
        leases=leases,
        keeper=keeper,
        desk=desk,
        workers=ArqWorkers(redis, run_task=run_task, desk=desk, places=places),
        sweep=SweepTasks(leases=leases, inviter=invitations, standing=standing),
        standing=standing,
        dead_letters=dead_letters,
        faults=faults,
        blobs=blobs,
    )


@asynccontextmanager
async def _while_open(*loops: Coroutine[None, None, None]) -> AsyncIterator[None]:
    running = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        for task in running:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error


async def eventually(look: Callable[[], Awaitable[object]], *, within: float = 10) -> None:
    """Return once a look finds something."""
    async with asyncio.timeout(within):
        while True:
            if await look():
                return
            await asyncio.sleep(0.02)


async def _every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    while True:
        with suppress(Unavailable):
            await act()
        await asyncio.sleep(seconds)
