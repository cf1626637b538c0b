"""The schedule: background work that is asked for again and again, by the calendar."""

from dataclasses import dataclass, replace
from datetime import datetime

from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import ScheduleId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.task.errors import ScheduleInvalid
from dify_hex.domain.task.queue import JobQueue

MAX_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledWork:
    """Which job is asked for, and when: a cron expression of five fields in a time zone."""

    cron: str
    time_zone: str
    kind: str
    queue: JobQueue
    arguments: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """When the schedule comes next, and when it came last."""

    created_at: datetime
    next_at: datetime
    last_at: datetime | None = None


class Schedule(Aggregate):
    """Named within its tenant; each of its times comes once, and times that were missed are one."""

    def __init__(
        self,
        *,
        id: ScheduleId,
        tenant_id: TenantId,
        name: str,
        work: ScheduledWork,
        state: ScheduleState,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self.id = id
        self.tenant_id = tenant_id
        self.name = name
        self._work = work
        self._state = state

    @classmethod
    def create(
        cls,
        *,
        id: ScheduleId,
        tenant_id: TenantId,
        name: str,
        work: ScheduledWork,
        next_at: datetime,
        now: datetime,
    ) -> "Schedule":
        """A schedule that waits for its first time.

        Raises:
            ScheduleInvalid: the name is empty or too long.
        """
        if not 1 <= len(name) <= MAX_NAME_LENGTH:
            raise ScheduleInvalid(field="name")
        schedule = cls(
            id=id,
            tenant_id=tenant_id,
            name=name,
            work=work,
            state=ScheduleState(created_at=now, next_at=next_at),
            version=0,
        )
        schedule._changed()
        return schedule

    @property
    def work(self) -> ScheduledWork:
        """What is asked for, and when."""
        return self._work

    @property
    def state(self) -> ScheduleState:
        """Everything the schedule remembers."""
        return self._state

    def change(self, work: ScheduledWork, *, next_at: datetime) -> None:
        """Ask for something else, or at other times."""
        if work == self._work:
            return
        self._work = work
        self._state = replace(self._state, next_at=next_at)
        self._changed()

    def come(self, *, now: datetime, next_at: datetime) -> datetime | None:
        """Its time has come: which one that was, or None when it has not.

        `next_at` is the first time after `now`, so that missed ones come together as one.
        """
        due_at = self._state.next_at
        if due_at > now:
            return None
        self._state = replace(self._state, last_at=due_at, next_at=next_at)
        self._changed()
        return due_at
