"""Whose turn it is: a flood of one tenant, or in one queue, leaves the others alone."""

import asyncio
from collections.abc import Sequence
from time import perf_counter

from dify_hex.application.shared.jobs import JobRequest, RunningJob
from dify_hex.domain.shared.ids import TaskId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue
from tests.builders.job_stand import JobStand, eventually, job_stand
from tests.fakes.kept_jobs import KIND, DoneJobs
from tests.fakes.servers import RunningServers

QUEUE = JobQueue.LOW
#: Seconds; on a machine that does nothing else it is a tenth of that.
PATIENCE = 2.0


def requests(number: int, queue: JobQueue = QUEUE) -> list[JobRequest]:
    return [JobRequest(kind=KIND, queue=queue) for _ in range(number)]


async def claimed(stand: JobStand, number: int, *, per_tenant: int = 100) -> Sequence[TenantId]:
    """Whose tasks are taken on, one after the other."""
    found = [
        await stand.leases.claim(QUEUE, "somebody", per_tenant=per_tenant) for _ in range(number)
    ]
    return [task.tenant_id for task in found if task is not None]


async def test_a_tenants_tasks_come_in_their_order(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand:
        asked = await stand.enqueue(tenant_id, *requests(4))
        got: list[TaskId] = []
        while task := await stand.leases.claim(QUEUE, "somebody", per_tenant=100):
            got.append(task.task_id)

    assert got == asked


async def test_tenants_take_turns_however_many_tasks_they_have(
    database: RunningServers, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand:
        await stand.enqueue(tenant_id, *requests(50))
        await stand.enqueue(other_tenant_id, *requests(3))
        turns = await claimed(stand, 6)

    assert turns.count(other_tenant_id) == 3
    assert turns.count(tenant_id) == 3


async def test_it_is_the_turn_of_who_was_served_longest_ago(
    database: RunningServers, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    done: list[TenantId] = []

    async def deed(job: RunningJob) -> JsonObject:
        done.append(job.tenant_id)
        return {}

    places = dict.fromkeys(JobQueue, 1)
    async with job_stand(database, DoneJobs(deed), places=places) as stand:
        ids = await stand.enqueue(tenant_id, *requests(20))
        await stand.enqueue(other_tenant_id, *requests(3))
        async with stand.working():
            for task_id in ids:
                await stand.finished(tenant_id, task_id)

    assert done[:6].count(other_tenant_id) == 3


async def test_one_tenant_never_gets_all_places(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand:
        await stand.enqueue(tenant_id, *requests(5))
        turns = await claimed(stand, 5, per_tenant=3)
        is_waiting = await stand.leases.is_waiting(QUEUE)

    assert len(turns) == 3
    assert is_waiting


async def test_the_place_that_is_left_is_taken_by_somebody_else_at_once(
    database: RunningServers, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    ends = asyncio.Event()

    async def deed(job: RunningJob) -> JsonObject:
        if job.tenant_id == tenant_id:
            await ends.wait()
        return {}

    handler = DoneJobs(deed)
    async with job_stand(database, handler, places={QUEUE: 4}) as stand, stand.working():
        ids = await stand.enqueue(tenant_id, *requests(20))
        await eventually(handler.has_begun(3))
        await asyncio.sleep(0.3)
        under_way = len(handler.begun)
        [others] = await stand.enqueue(other_tenant_id, *requests(1))
        await stand.finished(other_tenant_id, others, within=PATIENCE)
        ends.set()
        for task_id in ids:
            await stand.finished(tenant_id, task_id)

    assert under_way == 3


async def test_two_who_claim_at_once_never_get_the_same_task(
    database: RunningServers, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand:
        await stand.enqueue(tenant_id, *requests(20))
        await stand.enqueue(other_tenant_id, *requests(20))

        async def take(owner: str) -> list[TaskId]:
            found: list[TaskId] = []
            for _ in range(100):
                task = await stand.leases.claim(QUEUE, owner, per_tenant=100)
                if task is not None:
                    found.append(task.task_id)
                elif not await stand.leases.is_waiting(QUEUE):
                    break
            return found

        taken = await asyncio.gather(*(take(f"worker {number}") for number in range(5)))

    got = [task_id for each in taken for task_id in each]
    assert len(got) == len(set(got)) == 40


async def test_a_flood_in_one_queue_does_not_hold_up_another(
    database: RunningServers, tenant_id: TenantId, other_tenant_id: TenantId
) -> None:
    began: dict[TaskId, float] = {}

    async def deed(job: RunningJob) -> JsonObject:
        began[job.task_id] = perf_counter()
        await asyncio.sleep(0.05)
        return {}

    async with job_stand(database, DoneJobs(deed)) as stand, stand.working():
        await stand.enqueue(tenant_id, *requests(500))
        waited = []
        for _ in range(10):
            [task_id] = await stand.enqueue(other_tenant_id, *requests(1, JobQueue.HIGH))
            asked = perf_counter()
            await stand.finished(other_tenant_id, task_id, within=PATIENCE)
            waited.append(began[task_id] - asked)

    assert sorted(waited)[5] < PATIENCE / 4
