"""One transaction for many runs: batches gather, failures stay with whoever caused them."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from dify_hex.adapters.persistence.workflow.group_commit import (
    MAX_BATCH,
    SMALL_BATCH,
    CommitRequest,
    GroupCommit,
)
from dify_hex.application.workflow.records import JournalRow
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from tests.builders.workflow import NOW


def asked_by(run: int, seq: int = 1) -> CommitRequest:
    """A row of a run."""
    row = JournalRow(
        tenant_id=TenantId(UUID(int=1)),
        run_id=WorkflowRunId(UUID(int=run)),
        seq=seq,
        token=1,
        type="node.started",
        payload="{}",
        at=NOW,
    )
    return CommitRequest([row], None)


class Database:
    """Takes batches, slowly if told so, and may be away."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        #: The runs of each batch, when it began and when it was committed.
        self.begun: list[set[int]] = []
        self.committed: list[set[int]] = []
        self.failures_left = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.poison: CommitRequest | None = None

    async def write(self, batch: Sequence[CommitRequest]) -> Sequence[Exception | None]:
        runs = {row.run_id.int for request in batch for row in request.rows}
        assert not any(runs & other for other in self.begun if other not in self.committed)
        self.begun.append(runs)
        await asyncio.sleep(0.001)
        await self.gate.wait()
        if self.failures_left:
            self.failures_left -= 1
            raise Unavailable(dependency="database")
        if self.poison in batch:
            raise ValueError("cannot be written")
        self.batches.append(len(batch))
        self.committed.append(runs)
        return [None] * len(batch)


@pytest.fixture
def database() -> Database:
    return Database()


async def test_what_arrives_together_is_committed_together(database: Database) -> None:
    group = GroupCommit(database.write)

    await asyncio.gather(*(group.submit(asked_by(run), urgent=True) for run in range(SMALL_BATCH)))

    assert database.batches == [SMALL_BATCH]


async def test_what_is_much_is_shared_out_so_that_some_go_on_earlier(database: Database) -> None:
    group = GroupCommit(database.write)

    await asyncio.gather(*(group.submit(asked_by(run), urgent=True) for run in range(40)))

    assert database.batches == [20, 20]


async def test_no_transaction_takes_more_than_a_batch(database: Database) -> None:
    group = GroupCommit(database.write)
    many = range(3 * MAX_BATCH)

    await asyncio.gather(*(group.submit(asked_by(run), urgent=True) for run in many))

    assert max(database.batches) == MAX_BATCH
    assert sum(database.batches) == len(many)


async def test_a_run_is_in_one_transaction_at_a_time_and_in_its_order(database: Database) -> None:
    group = GroupCommit(database.write)
    database.gate.clear()
    first = group.submit(asked_by(1), urgent=True)
    await asyncio.sleep(0.005)
    later = [group.submit(asked_by(1, seq), urgent=True) for seq in (2, 3)]
    other = group.submit(asked_by(2), urgent=True)
    await asyncio.sleep(0.005)
    database.gate.set()
    await asyncio.gather(first, other, *later)

    assert database.begun == [{1}, {2}, {1}]
    assert database.batches == [1, 1, 2]


async def test_what_arrives_meanwhile_is_the_next_batch(database: Database) -> None:
    group = GroupCommit(database.write)
    database.gate.clear()
    first = group.submit(CommitRequest([], None), urgent=True)
    await asyncio.sleep(0.005)
    later = [group.submit(CommitRequest([], None), urgent=True) for _ in range(3)]
    database.gate.set()
    await asyncio.gather(first, *later)

    assert database.batches == [1, 3]


async def test_who_is_in_no_hurry_rides_with_the_next(database: Database) -> None:
    group = GroupCommit(database.write)
    patient = group.submit(CommitRequest([], None), urgent=False)
    await asyncio.sleep(0.005)
    assert not database.batches

    await group.submit(CommitRequest([], None), urgent=True)
    await patient

    assert database.batches == [2]


async def test_a_database_that_is_away_is_tried_until_it_is_back(database: Database) -> None:
    database.failures_left = 2

    await GroupCommit(database.write).submit(CommitRequest([], None), urgent=True)

    assert database.batches == [1]


async def test_a_request_that_spoils_the_batch_fails_alone(database: Database) -> None:
    group = GroupCommit(database.write)
    requests = [CommitRequest([], None) for _ in range(3)]
    database.poison = requests[1]

    outcomes = await asyncio.gather(
        *(group.submit(request, urgent=True) for request in requests), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, type(None)]


async def test_a_caller_who_gave_up_does_not_hold_up_the_others(database: Database) -> None:
    group = GroupCommit(database.write)
    impatient = group.submit(CommitRequest([], None), urgent=True)
    patient = group.submit(CommitRequest([], None), urgent=True)
    await asyncio.sleep(0.0005)
    impatient.cancel()

    await patient

    assert database.batches == [2]
