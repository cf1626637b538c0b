"""Large values of runs: stored before the rows that name them, and back with the next owner."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.engine import claimer
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.large_values import LIMIT, MARK
from dify_hex.application.workflow.records import JournalRow, Lease
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.ids import NodeId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.workflow.node_events import NodeSucceeded
from dify_hex.domain.workflow.statuses import RunStatus
from tests.builders.engine import Engine, claimer_of, until
from tests.builders.workflow import NOW
from tests.fakes.memory_runs import MemoryRuns
from tests.fakes.memory_storage import MemoryBlobStorage
from tests.fakes.recorded_stream import RecordedStream
from tests.fakes.scripted_nodes import Dialogue, ScriptedNodes

LEASE = Lease(tenant_id=TenantId(new_id()), run_id=WorkflowRunId(new_id()), owner="api-1", token=1)
LONG = "long " * (LIMIT // 4)


class SlowBlobs(MemoryBlobStorage):
    """Takes and gives nothing while its gate is closed, or while it is away."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.away = False

    async def put(self, key: str, content: bytes) -> None:
        await self.gate.wait()
        self._reach()
        await super().put(key, content)

    async def get(self, key: str) -> bytes:
        self._reach()
        return await super().get(key)

    def _reach(self) -> None:
        if self.away:
            raise StorageUnavailable(dependency="storage")


class Journal(MemoryRuns):
    """Keeps rows of a run that nobody has stored."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[JournalRow] = []

    async def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> None:
        del urgent
        self.rows.extend(rows)


class Recording:
    def __init__(self, durability: Durability = Durability.STRICT) -> None:
        self.journal, self.blobs, self.stream = Journal(), SlowBlobs(), RecordedStream()
        self.recorder = RunRecorder(
            lease=LEASE,
            journal=self.journal,
            writer=self.stream.open(LEASE),
            codec=PydanticRunEventCodec(),
            durability=durability,
            values=RunValues(self.blobs, patience=0),
        )

    def succeed(self, text: str) -> asyncio.Future[None]:
        self.recorder.record(
            [
                NodeSucceeded(
                    at=NOW,
                    node_id=NodeId("a"),
                    attempt=1,
                    outputs={"text": text},
                    handle="source",
                )
            ]
        )
        return self.recorder.commit(urgent=True)

    @property
    def committed(self) -> list[int]:
        return [row.seq for row in self.journal.rows]


class TestRecording:
    async def test_a_large_value_is_stored_before_the_row_that_names_it(self) -> None:
        recording = Recording()
        recording.blobs.gate.clear()
        first, second = recording.succeed(LONG), recording.succeed("short")
        await asyncio.sleep(0)

        assert recording.committed == []
        recording.blobs.gate.set()
        await asyncio.gather(first, second)
        assert recording.committed == [1, 2]
        assert MARK in json.loads(recording.journal.rows[0].payload)["outputs"]["text"]
        (content,) = recording.blobs.blobs.values()
        assert json.loads(content) == LONG

    async def test_readers_are_shown_the_reference(self) -> None:
        recording = Recording()

        await recording.succeed(LONG)

        assert [entry.data for entry in recording.stream.entries] == [
            recording.journal.rows[0].payload
        ]

    async def test_a_small_value_stays_in_its_row(self) -> None:
        recording = Recording()

        await recording.succeed("short")

        assert json.loads(recording.journal.rows[0].payload)["outputs"] == {"text": "short"}
        assert recording.blobs.blobs == {}

    async def test_no_row_overtakes_one_whose_value_could_not_be_stored(self) -> None:
        recording = Recording()
        recording.blobs.away = True
        first, second = recording.succeed(LONG), recording.succeed("short")

        for commit in (first, second):
            with pytest.raises(StorageUnavailable):
                await commit
        assert recording.committed == []


def engine(runs: MemoryRuns, blobs: SlowBlobs, nodes: ScriptedNodes | None = None) -> Engine:
    return Engine(runs=runs, nodes=nodes, values=RunValues(blobs), inputs={"text": LONG})


async def left(runs: MemoryRuns, blobs: SlowBlobs) -> Engine:
    """A run that began with a large value and whose owner is dead."""
    dead = engine(runs, blobs, ScriptedNodes(Dialogue().script))
    await dead.launch()
    await until(lambda: dead.nodes.open_calls == 1)
    dead.only_run().expired = True
    return dead


class TestTakingOver:
    async def test_the_next_owner_has_the_values(self) -> None:
        runs, blobs = MemoryRuns(), SlowBlobs()
        dead = await left(runs, blobs)
        assert LONG not in dead.only_run().rows[0].payload
        other = engine(runs, blobs)

        await claimer_of(other).claim_once()

        await until(lambda: dead.only_run().status.is_final)
        assert dead.only_run().status is RunStatus.SUCCEEDED
        await dead.host.drain(seconds=0)

    async def test_a_run_whose_value_is_gone_fails_with_a_clear_error(self) -> None:
        runs, blobs = MemoryRuns(), SlowBlobs()
        dead = await left(runs, blobs)
        blobs.blobs.clear()

        await claimer_of(engine(runs, blobs)).claim_once()

        await until(lambda: dead.only_run().status.is_final)
        ending = dead.only_run().ending
        assert ending is not None
        assert ending.error is not None
        assert ending.error.code == "workflow_run_value_missing"
        await dead.host.drain(seconds=0)

    async def test_a_run_is_given_back_while_its_values_are_out_of_reach(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(claimer, "LOOK_EVERY", 0.0)
        runs, blobs = MemoryRuns(), SlowBlobs()
        dead = await left(runs, blobs)
        other = engine(runs, blobs)
        blobs.away = True
        await claimer_of(other).claim_once()
        assert dead.only_run().owner is None

        blobs.away = False
        await claimer_of(other).claim_once()

        await until(lambda: dead.only_run().status.is_final)
        assert other.faults.faults == []
        await dead.host.drain(seconds=0)
