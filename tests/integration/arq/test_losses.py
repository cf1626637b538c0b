"""What is lost on the way is found: workers that vanish, a Redis that forgets."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from dify_hex.application.shared.jobs import JobInvitation, JobRequest, RunningJob
from dify_hex.application.task.ports import ClaimedTask
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus
from dify_hex.domain.task.task import MAX_LOSSES
from tests.builders.job_stand import JobStand, eventually, job_stand
from tests.fakes.kept_jobs import KIND, DoneJobs
from tests.fakes.servers import RunningServers
from tests.migrations.rows import seeing_rows

# A pipeline whose server was taken away cannot even be put in order; it says so when it is freed.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed client session:ResourceWarning")

#: Seconds; a server that has just started lets a lease time pass, and a lease lasts ten.
PATIENCE = 40.0
PROJECT = Path(__file__).parents[3]


async def forget(stand: JobStand) -> None:
    """Redis loses everything of ours."""
    for pattern in ("arq:*", "dify_hex:jobs:*"):
        async for key in stand.redis.scan_iter(pattern):
            await stand.redis.delete(key)


async def fall_silent(owner: asyncpg.Connection, task_id: TaskId) -> None:
    """The worker of the task has given no sign of life for long."""
    async with seeing_rows(owner, "tasks"):
        await owner.execute(
            "UPDATE tasks SET heartbeat_at = now() - interval '1 hour' WHERE id = $1", task_id
        )


async def claim(stand: JobStand, owner: str) -> ClaimedTask:
    task = await stand.leases.claim(JobQueue.NORMAL, owner, per_tenant=10)
    assert task is not None
    return task


async def swept(stand: JobStand, tenant_id: TenantId, task_id: TaskId, token: int) -> None:
    """The sweep has noticed that this worker is gone."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await stand.sweep.execute()
            async with stand.begin(tenant_id) as work:
                state = (await work.tasks.get(task_id)).state
            if state.token != token or state.status is not TaskStatus.PROCESSING:
                return
            await asyncio.sleep(0.2)


async def test_what_redis_forgot_is_done_all_the_same(
    database: RunningServers, tenant_id: TenantId
) -> None:
    handler = DoneJobs()
    async with job_stand(database, handler) as stand:
        async with stand.announcing():
            ids = await stand.enqueue(tenant_id, *[JobRequest(kind=KIND) for _ in range(30)])
            await asyncio.sleep(0.2)
        await forget(stand)
        async with stand.working():
            for task_id in ids:
                await stand.finished(tenant_id, task_id, within=PATIENCE)

    assert sorted(job.task_id for job in handler.done) == sorted(ids)


async def test_redis_may_forget_in_the_middle(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(0.05)
        return {}

    handler = DoneJobs(deed)
    async with job_stand(database, handler) as stand, stand.working():
        ids = await stand.enqueue(tenant_id, *[JobRequest(kind=KIND) for _ in range(60)])
        for _ in range(3):
            await asyncio.sleep(0.2)
            await forget(stand)
        for task_id in ids:
            await stand.finished(tenant_id, task_id, within=PATIENCE)

    assert sorted(job.task_id for job in handler.done) == sorted(ids)


async def test_who_is_invited_twice_does_it_once(
    database: RunningServers, tenant_id: TenantId
) -> None:
    handler = DoneJobs()
    async with job_stand(database, handler) as stand:
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        for token in range(5):
            invitation = JobInvitation(
                tenant_id=tenant_id, task_id=task_id, queue=JobQueue.NORMAL, token=token
            )
            assert await stand.invitations.invite_again([invitation, invitation]) >= 1
            assert await stand.invitations.invite_again([invitation]) == 0
        async with stand.working(sweeping=False):
            await stand.finished(tenant_id, task_id)

            async def nobody_is_invited() -> bool:
                return await stand.invitations.invited(JobQueue.NORMAL) == 0

            await eventually(nobody_is_invited)

    assert len(handler.done) == 1


async def test_a_task_whose_worker_vanished_is_done_by_another(
    database: RunningServers, tenant_id: TenantId, owner: asyncpg.Connection
) -> None:
    handler = DoneJobs()
    async with job_stand(database, handler) as stand:
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, max_attempts=1))
        await claim(stand, "vanished")
        await fall_silent(owner, task_id)
        async with stand.working():
            task = await stand.finished(tenant_id, task_id, within=PATIENCE)

    assert (task.status, task.attempts) == (TaskStatus.SUCCESS, 1)


async def test_who_was_taken_over_writes_nothing_any_more(
    database: RunningServers, tenant_id: TenantId, owner: asyncpg.Connection
) -> None:
    ends = asyncio.Event()

    async def deed(_job: RunningJob) -> JsonObject:
        await ends.wait()
        return {"by": "the first"}

    async with job_stand(database, DoneJobs(deed)) as stand:
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        first = await claim(stand, "worker 1")
        running = asyncio.create_task(stand.desk._runner.run(first))
        await fall_silent(owner, task_id)
        await swept(stand, tenant_id, task_id, first.token)
        second = await claim(stand, "worker 2")
        ends.set()
        outcome = await running
        task = await stand.show(tenant_id, task_id)

    assert outcome is None
    assert task.status is TaskStatus.PROCESSING
    assert second.token > first.token


async def test_who_was_taken_over_is_told_by_the_next_heartbeat(
    database: RunningServers, tenant_id: TenantId, owner: asyncpg.Connection
) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    handler = DoneJobs(deed)
    async with job_stand(database, handler) as stand:
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        first = await claim(stand, "worker 1")
        running = asyncio.create_task(stand.desk._runner.run(first))
        await handler.began.wait()
        await fall_silent(owner, task_id)
        await swept(stand, tenant_id, task_id, first.token)
        await stand.keeper.beat()
        async with asyncio.timeout(10):
            outcome = await running

    assert outcome is None


async def test_a_task_that_costs_too_many_workers_their_lives_is_a_dead_letter(
    database: RunningServers, tenant_id: TenantId, owner: asyncpg.Connection
) -> None:
    async with job_stand(database) as stand:
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        async with seeing_rows(owner, "tasks"):
            await owner.execute(
                "UPDATE tasks SET losses = $2 WHERE id = $1", task_id, MAX_LOSSES - 1
            )
        lost = await claim(stand, "vanished")
        await fall_silent(owner, task_id)
        await swept(stand, tenant_id, task_id, lost.token)
        task = await stand.show(tenant_id, task_id)

    assert (task.error_code, task.is_dead) == ("task_workers_lost", True)
    assert [letter.task_id for letter in stand.dead_letters.letters] == [task_id]


@asynccontextmanager
async def other_process(database: RunningServers) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker whose jobs never end, in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.arq.endless_worker",
        cwd=PROJECT,
        env={**database.variables(), "PYTHONPATH": f"{PROJECT}:{PROJECT / 'src'}"},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.kill
async def test_the_jobs_of_a_worker_that_is_killed_are_done_by_another(
    database: RunningServers, tenant_id: TenantId
) -> None:
    handler = DoneJobs()
    async with job_stand(database, handler) as stand:
        async with other_process(database) as process:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                assert await process.stdout.readline() == b"ready\n"
                async with stand.announcing():
                    ids = await stand.enqueue(tenant_id, *[JobRequest(kind=KIND) for _ in range(3)])
                    for _ in ids:
                        assert await process.stdout.readline() == b"begun\n"
            process.send_signal(signal.SIGKILL)
        async with stand.working():
            done = [await stand.finished(tenant_id, each, within=PATIENCE) for each in ids]

    assert {task.status for task in done} == {TaskStatus.SUCCESS}
    assert len(handler.done) == 3
