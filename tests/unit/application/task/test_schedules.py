"""Jobs by the calendar, without a server."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property

import pytest

from dify_hex.application.task.come_due import ComeDue
from dify_hex.application.task.ports import CronCalendar, DueSchedules, ScheduleWork
from dify_hex.application.task.schedules import Schedules, WantedSchedule
from dify_hex.domain.shared.ids import ScheduleId, TenantId
from dify_hex.domain.task.repository import ScheduleRepository
from dify_hex.domain.task.schedule import Schedule
from dify_hex.domain.task.task import Task
from tests.builders.task import LATER, NIGHTLY, NOW, TENANT, a_schedule
from tests.fakes.memory_task import MemoryTaskWork
from tests.fakes.memory_work import MemoryDatabase, MemoryTable
from tests.unit.application.task.conftest import MovableClock

WANTED = WantedSchedule(name="nightly", work=NIGHTLY)


class Hourly(CronCalendar):
    """Every hour on the hour, whatever the expression says."""

    def next_after(self, cron: str, time_zone: str, moment: datetime) -> datetime:
        return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class MemorySchedules(ScheduleRepository):
    """The schedules of one unit of work."""

    def __init__(self, table: MemoryTable[Schedule]) -> None:
        self._table = table

    async def find(self, schedule_id: ScheduleId) -> Schedule | None:
        return self._table.find(schedule_id)

    async def find_named(self, name: str) -> Schedule | None:
        return self._table.first(lambda schedule: schedule.name == name)

    def add(self, schedule: Schedule) -> None:
        self._table.add(schedule.id, schedule)

    async def remove(self, schedule: Schedule) -> None:
        self._table.remove(schedule.id)


class MemoryScheduleWork(MemoryTaskWork, ScheduleWork):
    """A unit of work over schedules and tasks."""

    @cached_property
    def schedules(self) -> MemorySchedules:
        return MemorySchedules(self.table(Schedule))


class EverySchedule(DueSchedules):
    """Says of every schedule, and of one that is gone, that it is due."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def due(self, *, limit: int) -> Sequence[tuple[TenantId, ScheduleId]]:
        gone = a_schedule()
        return [(each.tenant_id, each.id) for each in [gone, *self._database.all(Schedule)]]


class Diary:
    """Everything about schedules, without a server."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.clock = MovableClock()
        self.begin = self.database.begin_with(MemoryScheduleWork)
        self.schedules = Schedules(calendar=Hourly(), clock=self.clock)
        self.come_due = ComeDue(
            schedules=EverySchedule(self.database),
            calendar=Hourly(),
            begin=self.begin,
            clock=self.clock,
        )

    async def put(self, wanted: WantedSchedule = WANTED) -> ScheduleId:
        async with self.begin(TENANT) as work:
            schedule_id = await self.schedules.put(work, TENANT, wanted)
            await work.commit()
        return schedule_id


@pytest.fixture
def diary() -> Diary:
    return Diary()


async def test_before_its_time_nothing_is_asked_for(diary: Diary) -> None:
    await diary.put()

    assert await diary.come_due.execute() == 0
    assert diary.database.all(Task) == []


async def test_missed_times_come_together_as_one(diary: Diary) -> None:
    await diary.put()
    diary.clock.move(timedelta(hours=5))

    assert await diary.come_due.execute() == 1
    assert await diary.come_due.execute() == 0

    [task] = diary.database.all(Task)
    assert (task.order.kind, task.order.queue) == (NIGHTLY.kind, NIGHTLY.queue)
    [schedule] = diary.database.all(Schedule)
    assert (schedule.state.last_at, schedule.state.next_at) == (LATER, NOW + timedelta(hours=6))


async def test_a_name_is_one_schedule_until_it_is_removed(diary: Diary) -> None:
    first, again = await diary.put(), await diary.put()
    async with diary.begin(TENANT) as work:
        await diary.schedules.remove(work, "nightly")
        await diary.schedules.remove(work, "never there")
        await work.commit()

    assert first == again
    assert diary.database.all(Schedule) == []
