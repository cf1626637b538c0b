"""Which runs the sweep asks to be taken away, and until when."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.retention import KeptRun, KeptRuns, Retention, SweepOldRuns
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from tests.builders.engine import StillClock
from tests.builders.workflow import NOW
from tests.fakes.memory_storage import MemoryBlobStorage


def a_run() -> KeptRun:
    return TenantId(new_id()), WorkflowRunId(new_id())


class Shelf(KeptRuns):
    """So many runs that are too old, and so many that are too many."""

    def __init__(self, old: int, many: int) -> None:
        self.old = [a_run() for _ in range(old)]
        self.many = [a_run() for _ in range(many)]
        #: Those that their apps have kept for less long.
        self.past: list[KeptRun] = []
        self.dropped_before: list[datetime] = []

    async def drop_partitions(self, *, ended_before: datetime) -> int:
        self.dropped_before.append(ended_before)
        return 0

    async def find_old(self, *, ended_before: datetime, limit: int) -> Sequence[KeptRun]:
        assert ended_before == self.dropped_before[-1]
        return self.old[:limit]

    async def find_past_their_apps(self, *, now: datetime, limit: int) -> Sequence[KeptRun]:
        assert now == NOW
        return self.past[:limit]

    async def find_many(self, *, per_app: int | None, limit: int) -> Sequence[KeptRun]:
        return [] if per_app is None else self.many[:limit]

    async def forget(self, runs: Sequence[KeptRun]) -> None:
        self.old = [run for run in self.old if run not in runs]
        self.many = [run for run in self.many if run not in runs]
        self.past = [run for run in self.past if run not in runs]


async def sweep(shelf: Shelf, retention: Retention, blobs: MemoryBlobStorage | None = None) -> int:
    values = RunValues(blobs or MemoryBlobStorage())
    return await SweepOldRuns(
        runs=shelf, values=values, clock=StillClock(), retention=retention
    ).execute()


async def test_batches_follow_each_other_until_nothing_is_due() -> None:
    shelf = Shelf(old=1200, many=3)

    gone = await sweep(shelf, Retention(age=timedelta(days=90), per_app=10))

    assert (gone, shelf.old, shelf.many) == (1203, [], [])
    assert shelf.dropped_before == [NOW - timedelta(days=90)]


async def test_what_is_kept_for_ever_is_not_looked_for() -> None:
    shelf = Shelf(old=5, many=5)

    assert await sweep(shelf, Retention()) == 0
    assert (len(shelf.old), len(shelf.many)) == (5, 5)


async def test_an_app_may_have_less_kept_whatever_the_operator_keeps() -> None:
    shelf = Shelf(old=0, many=0)
    shelf.past = [a_run() for _ in range(700)]

    assert await sweep(shelf, Retention()) == 700
    assert shelf.past == []


async def test_the_large_values_of_a_run_go_with_it_and_no_others() -> None:
    shelf, blobs = Shelf(old=1, many=0), MemoryBlobStorage()
    (tenant_id, run_id), (_, another) = shelf.old[0], a_run()
    values = RunValues(blobs)
    await values.keep(tenant_id, run_id, {"a": b"1"})
    await values.keep(tenant_id, another, {"b": b"2"})

    await sweep(shelf, Retention(age=timedelta(days=90)), blobs)

    assert list(blobs.blobs) == [f"t/{tenant_id}/runs/{another}/b"]
