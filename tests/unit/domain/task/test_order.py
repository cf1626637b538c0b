"""What can be asked for, and what cannot be meant."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.domain.task.errors import ScheduleInvalid, TaskOrderInvalid
from tests.builders.task import LATER, NIGHTLY, NOW, ORDER, a_schedule


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", ""),
        ("kind", "k" * 101),
        ("key", ""),
        ("key", "k" * 301),
        ("max_attempts", 0),
        ("max_attempts", 101),
        ("soft_limit", timedelta(0)),
        ("soft_limit", ORDER.hard_limit * 2),
        ("hard_limit", timedelta(hours=25)),
    ],
)
def test_what_cannot_be_meant_is_refused(field: str, value: object) -> None:
    with pytest.raises(TaskOrderInvalid):
        replace(ORDER, **{field: value})  # type: ignore[arg-type] # one field of each type


@pytest.mark.parametrize("name", ["", "n" * 101])
def test_a_schedule_has_a_name(name: str) -> None:
    schedule = a_schedule()

    with pytest.raises(ScheduleInvalid):
        type(schedule).create(
            id=schedule.id,
            tenant_id=schedule.tenant_id,
            name=name,
            work=NIGHTLY,
            next_at=LATER,
            now=NOW,
        )


def test_a_time_comes_once() -> None:
    schedule, next_at = a_schedule(next_at=NOW), LATER

    assert schedule.come(now=NOW, next_at=next_at) == NOW
    assert schedule.come(now=NOW, next_at=next_at) is None
    assert (schedule.state.last_at, schedule.state.next_at) == (NOW, LATER)


def test_a_schedule_that_stays_as_it_is_keeps_its_next_time() -> None:
    schedule = a_schedule(next_at=NOW)

    schedule.change(NIGHTLY, next_at=LATER)
    unchanged = schedule.state.next_at
    schedule.change(replace(NIGHTLY, cron="0 5 * * *"), next_at=LATER)

    assert unchanged == NOW
    assert (schedule.state.next_at, schedule.work.cron) == (LATER, "0 5 * * *")
