"""Background jobs from being asked for to being over, on real servers."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from dify_hex.application.shared.jobs import JobRequest, JobTimeUp, RunningJob
from dify_hex.domain.shared.errors import Conflict, Unavailable
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.errors import TaskNotFound
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.status import TaskStatus
from tests.builders.job_stand import eventually, job_stand
from tests.fakes.kept_jobs import KIND, DoneJobs
from tests.fakes.servers import RunningServers

SECOND = timedelta(seconds=1)


async def test_a_job_is_done_soon_after_its_transaction_is_committed(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        return {"sum": 3, "attempt": job.attempt}

    handler = DoneJobs(deed)
    async with job_stand(database, handler) as stand, stand.working(sweeping=False):
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, arguments={"a": 1}))
        task = await stand.finished(tenant_id, task_id)

    assert task.status is TaskStatus.SUCCESS
    assert task.result == {"sum": 3, "attempt": 1}
    assert task.progress == 100
    assert [job.arguments for job in handler.done] == [{"a": 1}]


async def test_what_is_rolled_back_was_never_asked_for(
    database: RunningServers, tenant_id: TenantId
) -> None:
    handler = DoneJobs()
    async with job_stand(database, handler) as stand, stand.working():
        async with stand.begin(tenant_id) as work:
            task_id = await work.jobs.enqueue(JobRequest(kind=KIND), now=stand.standing.clock.now())
        await asyncio.sleep(0.5)
        with pytest.raises(TaskNotFound):
            await stand.show(tenant_id, task_id)

    assert handler.begun == []


async def test_while_a_job_with_its_key_is_not_over_there_is_no_second_one(
    database: RunningServers, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    request = JobRequest(kind=KIND, key="report")
    handler = DoneJobs()
    async with job_stand(database, handler) as stand:
        first, again = await stand.enqueue(tenant_id, request, request)
        [somebody_elses] = await stand.enqueue(other_tenant_id, request)
        async with stand.working():
            await stand.finished(tenant_id, first)
            await stand.finished(other_tenant_id, somebody_elses)
            [later] = await stand.enqueue(tenant_id, request)
            await stand.finished(tenant_id, later)

    assert first == again
    assert later != first
    assert len(handler.done) == 3


async def test_two_who_ask_at_once_get_the_same_job(
    database: RunningServers, tenant_id: TenantId
) -> None:
    request = JobRequest(kind=KIND, key="report")
    async with job_stand(database) as stand:
        found = await asyncio.gather(*(stand.enqueue(tenant_id, request) for _ in range(6)))

    assert len({task_id for [task_id] in found}) == 1


async def test_a_delayed_job_is_not_begun_early(
    database: RunningServers, tenant_id: TenantId
) -> None:
    handler = DoneJobs()
    async with job_stand(database, handler) as stand, stand.working():
        due_at = stand.standing.clock.now() + SECOND
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, not_before=due_at))
        task = await stand.finished(tenant_id, task_id)

    assert task.started_at is not None
    assert task.started_at >= due_at - timedelta(milliseconds=60)


async def test_what_is_unavailable_is_tried_again_with_pauses(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        if job.attempt < 3:
            raise Unavailable("The model is away.", retry_after=0.1)
        return {}

    handler = DoneJobs(deed)
    async with job_stand(database, handler) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        task = await stand.finished(tenant_id, task_id, within=20)

    assert task.status is TaskStatus.SUCCESS
    assert [job.attempt for job in handler.begun] == [1, 2, 3]
    assert task.error_code is None
    assert stand.dead_letters.letters == []


async def test_after_the_last_attempt_a_job_is_a_dead_letter(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        raise Unavailable("The model is away.")

    async with job_stand(database, DoneJobs(deed)) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, max_attempts=2))
        task = await stand.finished(tenant_id, task_id)

    assert (task.status, task.is_dead, task.attempts) == (TaskStatus.FAILURE, True, 2)
    assert (task.error_code, task.error_message) == ("sys_unavailable", "The model is away.")
    assert [letter.task_id for letter in stand.dead_letters.letters] == [task_id]


async def test_an_error_that_nobody_foresaw_is_reported_and_tried_again(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        if job.attempt == 1:
            raise KeyError("page")
        return {}

    async with job_stand(database, DoneJobs(deed)) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        task = await stand.finished(tenant_id, task_id)

    assert task.status is TaskStatus.SUCCESS
    assert [type(error) for error in stand.faults.errors] == [KeyError]


async def test_what_cannot_be_done_fails_at_once_and_is_no_dead_letter(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        raise Conflict("The document is encrypted.")

    handler = DoneJobs(deed)
    async with job_stand(database, handler) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        task = await stand.finished(tenant_id, task_id)

    assert (task.status, task.is_dead) == (TaskStatus.FAILURE, False)
    assert task.error_message == "The document is encrypted."
    assert len(handler.begun) == 1


async def test_progress_is_seen_while_the_job_is_under_way(
    database: RunningServers, tenant_id: TenantId
) -> None:
    enough = asyncio.Event()

    async def deed(job: RunningJob) -> JsonObject:
        await job.report(40, "embedding")
        await enough.wait()
        return {}

    async with job_stand(database, DoneJobs(deed)) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))

        async def has_moved() -> bool:
            return (await stand.show(tenant_id, task_id)).progress > 0

        await eventually(has_moved)
        task = await stand.show(tenant_id, task_id)
        enough.set()
        await stand.finished(tenant_id, task_id)

    assert (task.status, task.progress, task.note) == (TaskStatus.PROCESSING, 40, "embedding")


async def test_a_job_under_way_is_cancelled(database: RunningServers, tenant_id: TenantId) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        while True:
            await job.report(10)
            await asyncio.sleep(0.02)

    handler = DoneJobs(deed)
    async with job_stand(database, handler) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND))
        await eventually(handler.has_begun(1))
        async with stand.begin(tenant_id) as work:
            await work.jobs.cancel(task_id, now=stand.standing.clock.now())
            await work.commit()
        task = await stand.finished(tenant_id, task_id)
        async with stand.begin(tenant_id) as work:
            await work.jobs.cancel(task_id, now=stand.standing.clock.now())
            await work.commit()

    assert (task.status, task.error_code) == (TaskStatus.FAILURE, "task_cancelled")
    assert not task.is_dead
    assert stand.faults.errors == []


async def test_at_the_soft_limit_a_job_comes_to_an_end_by_itself(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(job: RunningJob) -> JsonObject:
        try:
            while True:
                await job.report(50)
                await asyncio.sleep(0.02)
        except JobTimeUp:
            return {"pages": 12}

    async with job_stand(database, DoneJobs(deed)) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, soft_limit=SECOND / 5))
        task = await stand.finished(tenant_id, task_id)

    assert (task.status, task.result) == (TaskStatus.SUCCESS, {"pages": 12})


async def test_at_the_hard_limit_a_job_is_ended(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async def deed(_job: RunningJob) -> JsonObject:
        await asyncio.sleep(100)
        return {}

    request = JobRequest(kind=KIND, soft_limit=SECOND / 5, hard_limit=SECOND / 4, max_attempts=1)
    async with job_stand(database, DoneJobs(deed)) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, request)
        task = await stand.finished(tenant_id, task_id)

    assert (task.error_code, task.is_dead) == ("task_time_limit", True)


async def test_a_kind_that_nobody_knows_waits_for_a_release_that_does(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind="not_yet", max_attempts=1))
        task = await stand.finished(tenant_id, task_id)

    assert (task.error_code, task.is_dead) == ("task_kind_unknown", True)


async def test_a_worker_that_stops_gives_its_jobs_back(
    database: RunningServers, tenant_id: TenantId
) -> None:
    stays = asyncio.Event()

    async def deed(_job: RunningJob) -> JsonObject:
        await stays.wait()
        return {}

    stuck, quick = DoneJobs(deed), DoneJobs()
    async with job_stand(database, stuck) as stand, stand.working():
        [task_id] = await stand.enqueue(tenant_id, JobRequest(kind=KIND, max_attempts=1))
        await eventually(stuck.has_begun(1))
        await stand.workers.drain(0.1)
        given_back = await stand.show(tenant_id, task_id)
    async with job_stand(database, quick, owner="worker 2") as stand, stand.working():
        task = await stand.finished(tenant_id, task_id)

    assert given_back.status is TaskStatus.PENDING
    assert (task.status, task.attempts) == (TaskStatus.SUCCESS, 1)


async def test_what_travels_is_json_and_names_the_task_only(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand, stand.announcing():
        [task_id] = await stand.enqueue(
            tenant_id, JobRequest(kind=KIND, arguments={"secret": "of-the-lamp"})
        )
        key = f"arq:job:{task_id}.0"
        await eventually(lambda: stand.redis.exists(key))
        content = await stand.redis.get(key)

    assert content.startswith(b"{")
    assert str(task_id).encode() in content
    assert str(tenant_id).encode() in content
    assert b"of-the-lamp" not in content


async def test_every_key_in_redis_ends_with_its_job(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database, DoneJobs()) as stand, stand.working():
        requests = [JobRequest(kind=KIND, queue=queue) for queue in JobQueue for _ in range(5)]
        for task_id in await stand.enqueue(tenant_id, *requests):
            await stand.finished(tenant_id, task_id)
        await eventually(lambda: nothing_lasts(stand.redis))


async def nothing_lasts(redis: Redis) -> bool:
    """Whether every key of jobs goes by itself."""
    keys = [key async for key in redis.scan_iter("arq:*")]
    keys += [key async for key in redis.scan_iter("dify_hex:jobs:*")]
    return all([await redis.ttl(key) != -1 for key in keys])
