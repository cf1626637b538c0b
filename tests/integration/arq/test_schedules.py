"""Jobs that the calendar asks for: each of its times comes once, however many workers look."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from dify_hex.adapters.arq.cron_calendar import CroniterCalendar
from dify_hex.adapters.persistence.task.reader import SqlTaskReader
from dify_hex.adapters.persistence.task.schedules import SqlDueSchedules
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.application.task.come_due import ComeDue
from dify_hex.application.task.read_models import TaskFilter, TaskView
from dify_hex.application.task.schedules import Schedules, WantedSchedule
from dify_hex.domain.shared.ids import ScheduleId, TenantId
from dify_hex.domain.shared.paging import CursorRequest
from dify_hex.domain.task.errors import ScheduleInvalid
from dify_hex.domain.task.queue import JobQueue
from dify_hex.domain.task.schedule import ScheduledWork
from tests.builders.job_stand import JobStand, job_stand
from tests.fakes.kept_jobs import KIND
from tests.fakes.servers import RunningServers
from tests.migrations.rows import seeing_rows


def wanted(cron: str = "0 4 * * *", time_zone: str = "UTC", page: int = 1) -> WantedSchedule:
    work = ScheduledWork(
        cron=cron, time_zone=time_zone, kind=KIND, queue=JobQueue.LOW, arguments={"page": page}
    )
    return WantedSchedule(name="nightly", work=work)


async def put(stand: JobStand, tenant_id: TenantId, schedule: WantedSchedule) -> ScheduleId:
    schedules = Schedules(calendar=CroniterCalendar(), clock=stand.standing.clock)
    async with stand.begin(tenant_id) as work:
        schedule_id = await schedules.put(work, tenant_id, schedule)
        await work.commit()
    return schedule_id


async def let_time_pass(owner: asyncpg.Connection, schedule_id: ScheduleId) -> None:
    """Its time, and several more, have come since anybody looked."""
    async with seeing_rows(owner, "schedules"):
        await owner.execute(
            "UPDATE schedules SET next_at = now() - interval '3 days' WHERE id = $1", schedule_id
        )


async def asked_for(stand: JobStand, tenant_id: TenantId) -> list[TaskView]:
    reader = SqlTaskReader(tenant_reads(stand.engine))
    return list((await reader.list_tasks(tenant_id, TaskFilter(), CursorRequest())).items)


def come_due(stand: JobStand) -> ComeDue:
    return ComeDue(
        schedules=SqlDueSchedules(stand.system_pool),
        calendar=CroniterCalendar(),
        begin=stand.begin,
        clock=stand.standing.clock,
    )


async def test_nothing_is_asked_for_before_its_time(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand:
        await put(stand, tenant_id, wanted())

        assert await come_due(stand).execute() == 0
        assert await asked_for(stand, tenant_id) == []


async def test_a_time_comes_once_however_many_look_and_missed_ones_are_one(
    database: RunningServers, tenant_id: TenantId, owner: asyncpg.Connection
) -> None:
    async with job_stand(database) as stand:
        schedule_id = await put(stand, tenant_id, wanted())
        await let_time_pass(owner, schedule_id)

        came = await asyncio.gather(*(come_due(stand).execute() for _ in range(4)))

        [task] = await asked_for(stand, tenant_id)
        assert sum(came) == 1
        assert (task.kind, task.queue, task.arguments) == (KIND, JobQueue.LOW, {"page": 1})
        async with stand.begin(tenant_id) as work:
            schedule = await work.schedules.find(schedule_id)
        assert schedule is not None
        assert schedule.state.next_at > stand.standing.clock.now()


async def test_a_schedule_is_known_by_its_name_and_can_be_changed_and_removed(
    database: RunningServers, tenant_id: TenantId, owner: asyncpg.Connection
) -> None:
    async with job_stand(database) as stand:
        first = await put(stand, tenant_id, wanted())
        again = await put(stand, tenant_id, wanted(page=2))
        await let_time_pass(owner, first)
        await come_due(stand).execute()
        [task] = await asked_for(stand, tenant_id)

        schedules = Schedules(calendar=CroniterCalendar(), clock=stand.standing.clock)
        async with stand.begin(tenant_id) as work:
            await schedules.remove(work, "nightly")
            await schedules.remove(work, "never there")
            await work.commit()
        async with stand.begin(tenant_id) as work:
            gone = await work.schedules.find_named("nightly")

    assert first == again
    assert task.arguments == {"page": 2}
    assert gone is None


@pytest.mark.parametrize(
    ("cron", "time_zone"),
    [
        ("61 * * * *", "UTC"),
        ("* * * *", "UTC"),
        ("* * * * * *", "UTC"),
        ("a b c d e", "UTC"),
        ("0 0 30 2 *", "UTC"),
        ("0 4 * * *", "Nowhere/At-All"),
        ("0 4 * * *", "../etc/passwd"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    database: RunningServers, tenant_id: TenantId, cron: str, time_zone: str
) -> None:
    async with job_stand(database) as stand:
        with pytest.raises(ScheduleInvalid):
            await put(stand, tenant_id, wanted(cron, time_zone))


async def test_times_are_those_of_the_time_zone(
    database: RunningServers, tenant_id: TenantId
) -> None:
    async with job_stand(database) as stand:
        schedule_id = await put(stand, tenant_id, wanted("0 4 * * *", "Asia/Shanghai"))
        async with stand.begin(tenant_id) as work:
            schedule = await work.schedules.find(schedule_id)

    assert schedule is not None
    assert schedule.state.next_at.utcoffset() == timedelta(0)
    assert schedule.state.next_at.hour == 20
