"""Which tasks are old enough to be forgotten, and the figures of the queues."""

from datetime import timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.task.leases import PostgresKeptTasks, PostgresTaskLeases
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.task import TaskProblem, TaskResult
from tests.builders.task import NOW

#: Older than whatever other tests leave behind.
LONG_AGO = NOW - timedelta(days=3650)
DAY = timedelta(days=1)


async def ended(engine: AsyncEngine, tenant_id: TenantId, *, blob: bool) -> TaskId:
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task_id = await work.jobs.enqueue(JobRequest(kind="old"), now=LONG_AGO)
        await work.commit()
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task = await work.tasks.get(task_id)
        result = TaskResult(blob_key="t/old") if blob else TaskResult(value={})
        task.succeed(task.begin("worker", now=LONG_AGO), result, now=LONG_AGO)
        await work.commit()
    return task_id


async def test_what_ended_long_ago_is_found_and_forgotten(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    kept = PostgresKeptTasks(system_pool)
    short = await ended(engine, tenant_id, blob=False)
    long = await ended(engine, tenant_id, blob=True)

    found = await kept.find_old(ended_before=LONG_AGO + DAY, limit=1000)
    await kept.forget([short, long])
    left = await kept.find_old(ended_before=LONG_AGO + DAY, limit=1000)

    assert {(tenant_id, short, False), (tenant_id, long, True)} <= set(found)
    assert not {short, long} & {task_id for _, task_id, _ in left}


async def test_the_queues_are_counted(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    leases = PostgresTaskLeases(system_pool)

    async def figures() -> tuple[int, int]:
        [found] = [each for each in await leases.backlog() if each.queue is JobQueue.CRITICAL]
        return found.waiting, found.dead

    waiting, dead = await figures()
    request = JobRequest(kind="counted", queue=JobQueue.CRITICAL, max_attempts=1)
    async with SqlUnitOfWork(engine, tenant_id) as work:
        await work.jobs.enqueue(request, now=NOW)
        lost = await work.jobs.enqueue(request, now=NOW)
        await work.commit()
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task = await work.tasks.get(lost)
        problem = TaskProblem(code="x", message="y")
        task.stumble(task.begin("worker", now=NOW), problem, now=NOW, jitter=0)
        await work.commit()

    assert await figures() == (waiting + 1, dead + 1)
