"""Partitions are cut by the time inside the runs' ids."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from dify_hex.adapters.persistence.workflow.partitions import (
    WEEKS_AHEAD,
    first_id_of,
    partition_statements,
)
from dify_hex.application.shared.identity import new_id


def test_an_id_of_now_lies_between_a_minute_ago_and_in_a_minute() -> None:
    now, minute = datetime.now(UTC), timedelta(minutes=1)

    assert first_id_of(now - minute) < new_id() < first_id_of(now + minute)


def test_this_week_and_four_more_begin_on_mondays_and_leave_no_gap() -> None:
    created = [text for text in partition_statements(date(2026, 11, 21)) if "CREATE" in text]

    assert len(created) == WEEKS_AHEAD + 1
    assert "workflow_run_events_20261116 " in created[0]
    bounds = [text.split("'")[1::2] for text in created]
    assert all(earlier[1] == later[0] for earlier, later in pairwise(bounds))
