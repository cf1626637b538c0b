"""Tasks as they come out of the database again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.task.jobs import SqlJobs
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.task.errors import TaskNotFound
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.task import Task, TaskProblem, TaskResult
from tests.builders.task import LATER, NOW

REQUEST = JobRequest(
    kind="light_lamps",
    arguments={"lamps": [1, 2], "deep": {"er": None}},
    queue=JobQueue.CRITICAL,
    key="lamps",
    not_before=NOW,
    requested_by=uuid4(),
    max_attempts=7,
    soft_limit=timedelta(seconds=90),
    hard_limit=timedelta(minutes=3, milliseconds=5),
)
PROBLEM = TaskProblem(code="sys_unavailable", message="No oil.")


async def asked(engine: AsyncEngine, tenant_id: TenantId) -> TaskId:
    async with SqlUnitOfWork(engine, tenant_id) as work:
        jobs: SqlJobs = work.jobs
        task_id = await jobs.enqueue(REQUEST, now=NOW)
        await work.commit()
    return task_id


async def read(engine: AsyncEngine, tenant_id: TenantId, task_id: TaskId) -> Task:
    async with SqlUnitOfWork(engine, tenant_id) as work:
        return await work.tasks.get(task_id)


async def test_what_was_asked_for_comes_out_whole(engine: AsyncEngine, tenant_id: TenantId) -> None:
    task = await read(engine, tenant_id, await asked(engine, tenant_id))

    order = task.order
    assert (order.kind, order.arguments, order.queue) == (
        REQUEST.kind,
        REQUEST.arguments,
        REQUEST.queue,
    )
    assert (order.key, order.requested_by) == (REQUEST.key, REQUEST.requested_by)
    assert (order.max_attempts, order.soft_limit, order.hard_limit) == (
        7,
        REQUEST.soft_limit,
        REQUEST.hard_limit,
    )
    assert (task.state.created_at, task.state.due_at) == (NOW, NOW)


@pytest.mark.parametrize("result", [TaskResult(value={"lit": 2}), TaskResult(blob_key="t/x/y")])
async def test_every_state_comes_out_as_it_went_in(
    engine: AsyncEngine, tenant_id: TenantId, result: TaskResult
) -> None:
    task_id = await asked(engine, tenant_id)
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task = await work.tasks.get(task_id)
        task.stumble(task.begin("first", now=NOW), PROBLEM, now=NOW, jitter=0.5)
        task.lose(task.begin("second", now=NOW), now=LATER)
        token = task.begin("third", now=LATER)
        task.cancel(now=LATER)
        under_way = task.state
        await work.commit()
    between = await read(engine, tenant_id, task_id)
    async with SqlUnitOfWork(engine, tenant_id) as work:
        task = await work.tasks.get(task_id)
        task.succeed(token, result, now=LATER)
        await work.commit()
    after = await read(engine, tenant_id, task_id)

    assert between.state == under_way
    assert after.state == replace(
        under_way,
        status=after.state.status,
        result=result,
        problem=None,
        progress=100,
        lease_owner=None,
        finished_at=LATER,
    )


async def test_whoever_comes_second_is_told(engine: AsyncEngine, tenant_id: TenantId) -> None:
    task_id = await asked(engine, tenant_id)
    async with SqlUnitOfWork(engine, tenant_id) as slow, SqlUnitOfWork(engine, tenant_id) as quick:
        late, early = await slow.tasks.get(task_id), await quick.tasks.get(task_id)
        early.cancel(now=NOW)
        await quick.commit()
        late.begin("too late", now=NOW)
        with pytest.raises(StaleVersion):
            await slow.commit()


async def test_a_job_is_wanted_until_it_is_cancelled_and_again_once_it_is_retried(
    engine: AsyncEngine, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    task_id = await asked(engine, tenant_id)

    async def wanted(by: TenantId = tenant_id) -> bool:
        async with SqlUnitOfWork(engine, by) as work:
            return await work.jobs.is_wanted(task_id)

    async def change(verb: Callable[[Task], object]) -> None:
        async with SqlUnitOfWork(engine, tenant_id) as work:
            verb(await work.tasks.get(task_id))
            await work.commit()

    assert (await wanted(), await wanted(other_tenant_id)) == (True, False)
    await change(lambda task: task.begin("a worker", now=NOW))
    assert await wanted()
    await change(lambda task: task.cancel(now=NOW))
    assert not await wanted()
    await change(lambda task: task.obey(1, now=NOW))
    assert not await wanted()
    await change(lambda task: task.retry(now=NOW))
    assert await wanted()


async def test_nobody_elses_task_is_found(
    engine: AsyncEngine, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    task_id = await asked(engine, tenant_id)

    with pytest.raises(TaskNotFound):
        await read(engine, other_tenant_id, task_id)
    async with SqlUnitOfWork(engine, other_tenant_id) as work:
        with pytest.raises(TaskNotFound):
            await work.jobs.cancel(task_id, now=NOW)


async def test_a_removed_task_is_gone(engine: AsyncEngine, tenant_id: TenantId) -> None:
    task_id = await asked(engine, tenant_id)
    async with SqlUnitOfWork(engine, tenant_id) as work:
        await work.tasks.remove(await work.tasks.get(task_id))
        await work.commit()

    with pytest.raises(TaskNotFound):
        await read(engine, tenant_id, task_id)
