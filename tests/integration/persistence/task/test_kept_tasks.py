"""Which tasks are old enough to be forgotten, and the figures of the queues."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.task.leases import PostgresKeptTasks, PostgresTaskLeases
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import TaskProblem, TaskResult
from tests.builders.task import NOW

#: Older than whatever other tests leave behind.
LONG_AGO = NOW - timedelta(days=3650)
DAY = timedelta(days=1)
_RETRY = "UPDATE tasks SET status = 'pending', finished_at = NULL, dead_at = NULL WHERE id = $1"


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


async def failed(engine: AsyncEngine, tenant_id: TenantId) -> TaskId:
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task_id = await work.jobs.enqueue(JobRequest(kind="old", max_attempts=1), now=LONG_AGO)
        await work.commit()
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task = await work.tasks.get(task_id)
        problem = TaskProblem(code="x", message="y")
        token = task.begin("worker", now=LONG_AGO)
        task.stumble(token, problem, now=LONG_AGO, jitter=0)
        await work.commit()
    return task_id


async def forgotten(
    kept: PostgresKeptTasks, *, only_if_done: Collection[str] = ()
) -> Sequence[tuple[TenantId, TaskId, bool]]:
    async with kept.forgetting(
        ended_before=LONG_AGO + DAY, limit=1000, only_if_done=only_if_done
    ) as gone:
        return gone


async def test_what_ended_long_ago_is_found_and_forgotten(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    kept = PostgresKeptTasks(system_pool)
    short = await ended(engine, tenant_id, blob=False)
    long = await ended(engine, tenant_id, blob=True)

    gone = await forgotten(kept)
    left = await forgotten(kept)

    assert {(tenant_id, short, False), (tenant_id, long, True)} <= set(gone)
    assert not {short, long} & {task_id for _, task_id, _ in left}


async def test_what_was_retried_meanwhile_stays(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    task_id = await failed(engine, tenant_id)
    async with system_pool.acquire() as connection, connection.transaction():
        await connection.execute(_RETRY, task_id)
        meanwhile = await forgotten(PostgresKeptTasks(system_pool))
    afterwards = await forgotten(PostgresKeptTasks(system_pool))

    assert task_id not in {each for _, each, _ in [*meanwhile, *afterwards]}
    async with SqlUnitOfWork(engine, tenant_id) as work:
        assert (await work.tasks.get(task_id)).state.status is TaskStatus.PENDING


async def test_what_is_owed_stays_until_it_was_done(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    done = await ended(engine, tenant_id, blob=False)
    task_id = await failed(engine, tenant_id)

    gone = await forgotten(PostgresKeptTasks(system_pool), only_if_done=["old"])

    assert {task_id, done} & {each for _, each, _ in gone} == {done}


async def test_when_its_result_cannot_go_neither_does_the_task(
    engine: AsyncEngine, system_pool: asyncpg.Pool, tenant_id: TenantId
) -> None:
    task_id = await ended(engine, tenant_id, blob=True)
    kept = PostgresKeptTasks(system_pool)

    with pytest.raises(StorageUnavailable):
        async with kept.forgetting(ended_before=LONG_AGO + DAY, limit=1000, only_if_done=()):
            raise StorageUnavailable

    assert task_id in {each for _, each, _ in await forgotten(kept)}


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
