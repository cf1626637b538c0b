"""Which runs the sweep asks to be taken away, and until when."""

from datetime import datetime, timedelta

from dify_hex.application.workflow.retention import KeptRuns, Retention, SweepOldRuns
from tests.builders.engine import StillClock
from tests.builders.workflow import NOW


class Shelf(KeptRuns):
    """So many runs that are too old, and so many that are too many."""

    def __init__(self, old: int, many: int) -> None:
        self.old, self.many = old, many
        self.dropped_before: list[datetime] = []

    async def drop_partitions(self, *, ended_before: datetime) -> int:
        self.dropped_before.append(ended_before)
        return 0

    async def prune_old(self, *, ended_before: datetime, limit: int) -> int:
        assert ended_before == self.dropped_before[-1]
        gone = min(limit, self.old)
        self.old -= gone
        return gone

    async def prune_many(self, *, per_app: int, limit: int) -> int:
        assert per_app == 10
        gone = min(limit, self.many)
        self.many -= gone
        return gone


async def sweep(shelf: Shelf, retention: Retention) -> int:
    return await SweepOldRuns(runs=shelf, clock=StillClock(), retention=retention).execute()


async def test_batches_follow_each_other_until_nothing_is_due() -> None:
    shelf = Shelf(old=1200, many=3)

    gone = await sweep(shelf, Retention(age=timedelta(days=90), per_app=10))

    assert (gone, shelf.old, shelf.many) == (1203, 0, 0)
    assert shelf.dropped_before == [NOW - timedelta(days=90)]


async def test_what_is_kept_for_ever_is_not_looked_for() -> None:
    shelf = Shelf(old=5, many=5)

    assert await sweep(shelf, Retention()) == 0
    assert (shelf.old, shelf.many) == (5, 5)
