"""Large values beside PostgreSQL, in a folder: another owner finds them where rows name them."""

import json
from pathlib import Path

import asyncpg
import pytest

from dify_hex.adapters.dsl.run_event_codec import PydanticRunEventCodec
from dify_hex.adapters.object_storage.storage import ObjectBlobStorage
from dify_hex.adapters.object_storage.stores import open_store
from dify_hex.application.workflow.engine.recorder import RunRecorder
from dify_hex.application.workflow.large_values import LIMIT
from dify_hex.application.workflow.records import Lease
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.errors import LeaseLost, RunValueMissing
from dify_hex.domain.workflow.node_events import NodeSucceeded
from tests.builders.stored_runs import Runs, age
from tests.builders.workflow import NOW
from tests.fakes.recorded_stream import RecordedStream

LONG = "long \N{BLACK STAR}" * (LIMIT // 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def values(folder: Path) -> RunValues:
    return RunValues(ObjectBlobStorage(open_store(None, folder)))


async def succeed(runs: Runs, values: RunValues, lease: Lease, seq: int) -> None:
    """Commit a node that has put something large out."""
    recorder = RunRecorder(
        lease=lease,
        journal=runs.journal,
        writer=RecordedStream().open(lease),
        codec=PydanticRunEventCodec(),
        values=values,
    )
    recorder.continue_from(seq - 1)
    recorder.record(
        [
            NodeSucceeded(
                at=NOW, node_id=NodeId("a"), attempt=1, outputs={"text": LONG}, handle="source"
            )
        ]
    )
    await recorder.commit(urgent=True)


@pytest.mark.usefixtures("settled")
async def test_the_next_owner_finds_what_the_former_one_has_stored(
    runs: Runs, values: RunValues, folder: Path, owner: asyncpg.Connection
) -> None:
    lease = await runs.born()
    await succeed(runs, values, lease, 3)
    await age(owner, lease)
    taken = await runs.leases.claim_due("worker-1", limit=1000)
    assert lease.run_id in [claimed.lease.run_id for claimed in taken]

    rows = await runs.journal.read(lease.tenant_id, lease.run_id, after=0)
    whole = await RunValues(ObjectBlobStorage(open_store(None, folder))).put_back(rows)

    assert len(rows[2].payload) < 1000
    assert json.loads(whole[2].payload)["outputs"] == {"text": LONG}
    assert whole[:2] == rows[:2]
    with pytest.raises(LeaseLost):
        await succeed(runs, values, lease, 4)


async def test_a_value_that_was_altered_on_its_disk_is_noticed(
    runs: Runs, values: RunValues, folder: Path
) -> None:
    lease = await runs.born()
    await succeed(runs, values, lease, 3)
    (kept,) = (folder / "t" / str(lease.tenant_id) / "runs" / str(lease.run_id)).iterdir()
    kept.write_bytes(b'"altered"')

    with pytest.raises(RunValueMissing):
        await values.put_back(await runs.journal.read(lease.tenant_id, lease.run_id, after=0))


async def test_forgetting_a_run_twice_removes_its_values_and_no_others(
    runs: Runs, values: RunValues
) -> None:
    gone, kept = await runs.born(), await runs.born()
    for lease in (gone, kept):
        await succeed(runs, values, lease, 3)

    for _ in range(2):
        await values.forget([(gone.tenant_id, gone.run_id)])

    rows = await runs.journal.read(kept.tenant_id, kept.run_id, after=0)
    assert LONG in json.loads((await values.put_back(rows))[2].payload)["outputs"]["text"]
    with pytest.raises(RunValueMissing):
        await values.put_back(await runs.journal.read(gone.tenant_id, gone.run_id, after=0))
