"""Partitions of the journal: one a week, cut by the time inside the runs' ids."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

TABLE = "workflow_run_events"
WEEKS_AHEAD = 4

_LAST_MILLISECOND = (1 << 48) - 1


def first_id_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of the moment's millisecond.

    Layout as in RFC 9562, section 5.7: 48 bits of milliseconds since 1970 come first. Version and
    variant are left at zero, which sorts before every real id of that millisecond. A moment that
    no id can say is the nearest that one can.
    """
    milliseconds = min(max(0, int(moment.timestamp() * 1000)), _LAST_MILLISECOND)
    return UUID(int=milliseconds << 80)


def partition_statements(today: date) -> Sequence[str]:
    """DDL for the partitions of this week and of the weeks ahead; what exists is left alone."""
    return [statement for week in weeks_ahead(today) for statement in week]


def weeks_ahead(today: date) -> Sequence[Sequence[str]]:
    """The same, week by week.

    A partition has no policy and no grants of its own: it is reached through its parent only.
    """
    monday = today - timedelta(days=today.weekday())
    return [_week(monday + timedelta(weeks=weeks)) for weeks in range(WEEKS_AHEAD + 1)]


def sealed(partition: str) -> Sequence[str]:
    """DDL that lets nobody but its parent reach a partition."""
    return (
        f"ALTER TABLE {partition} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {partition} FORCE ROW LEVEL SECURITY",
    )


def _week(begin: date) -> Sequence[str]:
    name = f"{TABLE}_{begin:%Y%m%d}"
    lower, upper = _first_id(begin), _first_id(begin + timedelta(weeks=1))
    create = (
        f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {TABLE} "
        f"FOR VALUES FROM ('{lower}') TO ('{upper}')"
    )
    return (create, *sealed(name))


def _first_id(day: date) -> UUID:
    return first_id_of(datetime(day.year, day.month, day.day, tzinfo=UTC))
