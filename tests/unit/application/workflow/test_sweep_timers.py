"""What has become due is seen to in batches, and the owners of runs are told."""

from collections.abc import Sequence

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.form_ports import RunTimers, TimedRun
from dify_hex.application.workflow.sweep_timers import BATCH, SweepTimers
from dify_hex.domain.shared.ids import WorkflowRunId
from tests.fakes.memory_signals import MemorySignals


class Due(RunTimers):
    """So many forms and runs whose time is up."""

    def __init__(self, forms: Sequence[TimedRun] = (), runs: Sequence[TimedRun] = ()) -> None:
        self.forms, self.runs = list(forms), list(runs)

    async def expire_forms(self, *, limit: int) -> Sequence[TimedRun]:
        return _taken(self.forms, limit)

    async def expire_runs(self, *, limit: int) -> Sequence[TimedRun]:
        return _taken(self.runs, limit)


def _taken(due: list[TimedRun], limit: int) -> Sequence[TimedRun]:
    taken, due[:] = due[:limit], due[limit:]
    return taken


def timed(count: int, *, is_due: bool) -> list[TimedRun]:
    return [TimedRun(WorkflowRunId(new_id()), is_due) for _ in range(count)]


async def swept(due: Due) -> tuple[int, MemorySignals]:
    signals = MemorySignals()
    return await SweepTimers(timers=due, signals=signals).execute(), signals


async def test_nothing_is_due_and_nobody_is_told() -> None:
    told, signals = await swept(Due())

    assert (told, signals.told_workers) == (0, 0)


async def test_full_batches_follow_each_other_until_nothing_is_left() -> None:
    due = Due(forms=timed(BATCH + 1, is_due=True), runs=timed(2 * BATCH, is_due=True))

    told, signals = await swept(due)

    assert (told, due.forms, due.runs) == (3 * BATCH + 1, [], [])
    assert signals.told_workers == 4


async def test_a_run_with_an_owner_is_told_by_its_name_and_wakes_no_worker() -> None:
    owned = timed(2, is_due=False)

    told, signals = await swept(Due(forms=owned))

    assert (told, signals.told_workers) == (2, 0)
    assert signals.changed == [run.run_id for run in owned]
