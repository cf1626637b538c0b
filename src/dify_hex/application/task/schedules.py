"""Having jobs asked for by the calendar: what slices above put into their units of work."""

from dataclasses import dataclass

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.task.ports import CronCalendar, ScheduleWork
from dify_hex.domain.shared.ids import ScheduleId, TenantId
from dify_hex.domain.task.schedule import Schedule, ScheduledWork


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSchedule:
    """A schedule by its name within the tenant."""

    name: str
    work: ScheduledWork


class Schedules:
    """Keeps schedules in the caller's unit of work; slices above use it.

    - A name that is known already gets the new work, and keeps its next time where nothing changes.
    - Taking away one that is not there is fine.
    """

    def __init__(self, *, calendar: CronCalendar, clock: Clock) -> None:
        self._calendar = calendar
        self._clock = clock

    async def put(
        self, work: ScheduleWork, tenant_id: TenantId, wanted: WantedSchedule
    ) -> ScheduleId:
        """Keep it; the caller commits.

        Raises:
            ScheduleInvalid: its name, expression or time zone cannot be meant.
        """
        now = self._clock.now()
        next_at = self._calendar.next_after(wanted.work.cron, wanted.work.time_zone, now)
        schedule = await work.schedules.find_named(wanted.name)
        if schedule is None:
            schedule = Schedule.create(
                id=ScheduleId(new_id()),
                tenant_id=tenant_id,
                name=wanted.name,
                work=wanted.work,
                next_at=next_at,
                now=now,
            )
            work.schedules.add(schedule)
        else:
            schedule.change(wanted.work, next_at=next_at)
        return schedule.id

    async def remove(self, work: ScheduleWork, name: str) -> None:
        """Let it come no more; the caller commits."""
        schedule = await work.schedules.find_named(name)
        if schedule is not None:
            await work.schedules.remove(schedule)
