"""Asks for the jobs of schedules whose time has come."""

from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.jobs import JobRequest
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.task.ports import CronCalendar, DueSchedules, ScheduleWork
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import ScheduleId, TenantId

BATCH = 100


class ComeDue:
    """Turns each time of a schedule into one job, however many workers look.

    - The job and the schedule's next time are one transaction; whoever comes second finds the
      schedule changed, and does nothing.
    - Times that passed while nobody looked come together as one.
    - The job has a key of the schedule and the time, so that a slow one is not joined by another.
    """

    def __init__(
        self,
        *,
        schedules: DueSchedules,
        calendar: CronCalendar,
        begin: BeginWork[ScheduleWork],
        clock: Clock,
    ) -> None:
        self._schedules = schedules
        self._calendar = calendar
        self._begin = begin
        self._clock = clock

    async def execute(self) -> int:
        """Look once; for how many schedules a job was asked.

        Raises:
            Unavailable: the database is away; the rest comes the next time.
        """
        come = 0
        for tenant_id, schedule_id in await self._schedules.due(limit=BATCH):
            come += await self._come(tenant_id, schedule_id)
        return come

    async def _come(self, tenant_id: TenantId, schedule_id: ScheduleId) -> bool:
        now = self._clock.now()
        try:
            async with self._begin(tenant_id) as work:
                schedule = await work.schedules.find(schedule_id)
                if schedule is None:
                    return False
                wanted = schedule.work
                next_at = self._calendar.next_after(wanted.cron, wanted.time_zone, now)
                if (due_at := schedule.come(now=now, next_at=next_at)) is None:
                    return False
                request = JobRequest(
                    kind=wanted.kind,
                    arguments=wanted.arguments,
                    queue=wanted.queue,
                    key=f"schedule {schedule.id} {due_at.isoformat()}",
                )
                await work.jobs.enqueue(request, now=now)
                await work.commit()
        except StaleVersion:
            return False
        return True
