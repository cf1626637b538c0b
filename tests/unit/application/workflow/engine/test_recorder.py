"""What is committed and what is shown, by how much durability a run was promised."""

import asyncio
from collections.abc import Sequence

import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.records import JournalRow, Lease
from dify_hex.domain.shared.ids import NodeId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_events import NodeSkipped
from dify_hex.domain.workflow.run_events import RunEvent, RunPaused, RunResumed, RunStopped
from tests.builders.workflow import NOW
from tests.fakes.memory_runs import MemoryRuns
from tests.fakes.recorded_stream import RecordedStream

LEASE = Lease(tenant_id=TenantId(new_id()), run_id=WorkflowRunId(new_id()), owner="api-1", token=1)
STOPPED = RunStopped(at=NOW, reason="requested", usage=Usage())
PAUSED = RunPaused(at=NOW, reason="requested")


class SlowJournal(MemoryRuns):
    """Keeps rows of a run that nobody has stored, once its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[JournalRow] = []

    async def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> None:
        del urgent
        await self.gate.wait()
        self.rows.extend(rows)


class Recording:
    def __init__(self, durability: Durability) -> None:
        self.journal = SlowJournal()
        self.stream = RecordedStream()
        self.recorder = RunRecorder(
            lease=LEASE,
            journal=self.journal,
            writer=self.stream.open(LEASE),
            codec=PydanticRunEventCodec(),
            durability=durability,
        )

    def skip(self, *names: str) -> None:
        skipped: list[RunEvent] = [NodeSkipped(at=NOW, node_id=NodeId(name)) for name in names]
        self.recorder.record(skipped)

    @property
    def committed(self) -> list[int]:
        return [row.seq for row in self.journal.rows]

    @property
    def shown(self) -> list[tuple[int, int]]:
        return [(entry.seq, entry.n) for entry in self.stream.entries]

    def endings_rows(self, event: RunEvent) -> list[int]:
        self.recorder.record_ending([event])
        return [row.seq for row in self.recorder.unsent_rows()]


async def test_strict_shows_nothing_before_it_is_committed() -> None:
    recording = Recording(Durability.STRICT)
    recording.journal.gate.clear()
    recording.skip("a")
    commit = recording.recorder.commit(urgent=True)
    await asyncio.sleep(0)
    recording.skip("b")
    recording.recorder.show("node.delta", "{}")

    assert recording.shown == []
    recording.journal.gate.set()
    await commit
    assert (recording.committed, recording.shown) == ([1], [(1, 0)])
    await recording.recorder.commit(urgent=False)
    assert (recording.committed, recording.shown) == ([1, 2], [(1, 0), (2, 0), (2, 1)])


async def test_relaxed_shows_at_once_and_commits_behind() -> None:
    recording = Recording(Durability.RELAXED)
    recording.journal.gate.clear()
    recording.skip("a")
    recording.recorder.show("node.delta", "{}")

    assert not recording.recorder.keeps_barriers
    assert recording.shown == [(1, 0), (1, 1)]
    assert recording.recorder.has_unsent
    recording.journal.gate.set()
    await recording.recorder.commit(urgent=False)
    assert recording.committed == [1]
    assert recording.shown == [(1, 0), (1, 1)]


async def test_none_shows_at_once_and_commits_nothing_but_the_end() -> None:
    recording = Recording(Durability.NONE)
    recording.skip("a", "b")

    assert not recording.recorder.keeps_barriers
    assert not recording.recorder.has_unsent
    assert recording.shown == [(1, 0), (2, 0)]
    assert recording.endings_rows(STOPPED) == [3]


async def test_none_commits_everything_when_the_run_pauses() -> None:
    recording = Recording(Durability.NONE)
    recording.skip("a", "b")

    assert recording.endings_rows(PAUSED) == [1, 2, 3]


async def test_none_says_at_once_that_a_run_was_resumed() -> None:
    recording = Recording(Durability.NONE)
    recording.recorder.continue_from(3)
    recording.recorder.record([RunResumed(at=NOW)])
    recording.skip("a")
    await recording.recorder.commit(urgent=False)

    assert recording.committed == [4]
    assert recording.endings_rows(STOPPED) == [6]


@pytest.mark.parametrize("durability", [Durability.STRICT, Durability.RELAXED])
async def test_an_ending_brings_along_what_was_not_sent_yet(durability: Durability) -> None:
    recording = Recording(durability)
    recording.skip("a")

    assert recording.endings_rows(STOPPED) == [1, 2]


async def test_nothing_recorded_is_nothing_to_commit() -> None:
    recording = Recording(Durability.STRICT)
    recording.recorder.record([])
    await recording.recorder.commit(urgent=True)

    assert (recording.committed, recording.shown) == ([], [])
    assert recording.recorder.position == (0, 0)
