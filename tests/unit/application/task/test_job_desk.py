"""Which task a free place gets."""

import asyncio
from uuid import UUID

import pytest

from dify_hex.application.shared.jobs import RunningJob
from dify_hex.application.task import job_desk
from dify_hex.application.task.job_desk import JobDesk
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.task import Task
from tests.builders.task import ORDER, WORKER, a_task
from tests.unit.application.task.conftest import Office

QUEUE = ORDER.queue
OTHER = TenantId(UUID(int=2))


def desk_of(office: Office, places: int) -> JobDesk:
    return JobDesk(leases=office.leases, runner=office.runner, owner=WORKER, places={QUEUE: places})


def of_another_tenant(task: Task) -> Task:
    task.tenant_id = OTHER
    return task


async def test_nothing_is_done_where_nothing_waits(office: Office) -> None:
    assert await desk_of(office, 2).serve(QUEUE) is None


async def test_one_task_is_done_at_a_time(office: Office) -> None:
    first = await office.has(a_task())
    await office.has(a_task())

    assert await desk_of(office, 2).serve(QUEUE) == first.id
    assert len(office.handler.done) == 1


async def test_a_place_that_is_kept_for_others_goes_to_the_next_who_comes(office: Office) -> None:
    ends = asyncio.Event()

    async def deed(job: RunningJob) -> JsonObject:
        if job.tenant_id != OTHER:
            await ends.wait()
        return {}

    office.handler.deed = deed
    desk = desk_of(office, 2)
    first, second = await office.has(a_task()), await office.has(a_task())
    busy = asyncio.create_task(desk.serve(QUEUE))
    await office.handler.began.wait()
    kept_free = asyncio.create_task(desk.serve(QUEUE))
    await asyncio.sleep(0.01)
    theirs = await office.has(of_another_tenant(a_task()))
    desk.tell(QUEUE)
    found = await kept_free
    ends.set()

    assert found == theirs.id
    assert await busy == first.id
    assert await desk.serve(QUEUE) == second.id


async def test_a_place_waits_for_the_database(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_desk, "LOOK_EVERY", 0.01)
    task = await office.has(a_task())
    office.leases.is_away = True
    serving = asyncio.create_task(desk_of(office, 2).serve(QUEUE))
    await asyncio.sleep(0.03)
    office.leases.is_away = False

    assert await serving == task.id


@pytest.mark.parametrize(("places", "share"), [(1, 1), (2, 1), (4, 3), (8, 6)])
async def test_a_tenant_never_gets_all_places_unless_there_is_one(
    office: Office, places: int, share: int
) -> None:
    ends = asyncio.Event()

    async def deed(_job: RunningJob) -> JsonObject:
        await ends.wait()
        return {}

    office.handler.deed = deed
    desk = desk_of(office, places)
    for _ in range(places):
        await office.has(a_task())
    serving = [asyncio.create_task(desk.serve(JobQueue.NORMAL)) for _ in range(places)]
    await asyncio.sleep(0.03)
    begun = len(office.handler.begun)
    ends.set()
    await asyncio.gather(*serving)

    assert begun == share
