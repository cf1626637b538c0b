"""Cron expressions, as croniter reads them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dify_hex.application.task.ports import CronCalendar
from dify_hex.domain.task.errors import ScheduleInvalid

_FIELDS = 5
_MAX_LENGTH = 100


class CroniterCalendar(CronCalendar):
    """Five fields, minutes first; the library is loaded by the first who has a schedule."""

    def next_after(self, cron: str, time_zone: str, moment: datetime) -> datetime:
        """The first time after the moment, in UTC."""
        # Few installations have schedules, and every process loads this module.
        from croniter import CroniterError, croniter  # noqa: PLC0415 - see above

        if len(cron) > _MAX_LENGTH or len(cron.split()) != _FIELDS:
            raise ScheduleInvalid(field="cron")
        try:
            local = moment.astimezone(ZoneInfo(time_zone))
        except (ValueError, OSError, KeyError):
            raise ScheduleInvalid(field="time_zone") from None
        try:
            found: datetime = croniter(cron, local).get_next(datetime)
        except (CroniterError, ValueError, KeyError):
            raise ScheduleInvalid(field="cron") from None
        return found.astimezone(UTC)
