"""One transaction for many runs: batches gather, failures stay with whoever caused them."""

import asyncio
from collections.abc import Sequence

import pytest

from dify_hex.adapters.persistence.workflow.group_commit import CommitRequest, GroupCommit
from dify_hex.domain.shared.errors import Unavailable


class Database:
    """Takes batches, slowly if told so, and may be away."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.failures_left = 0
        self.poison: CommitRequest | None = None

    async def write(self, batch: Sequence[CommitRequest]) -> Sequence[Exception | None]:
        await asyncio.sleep(0.001)
        if self.failures_left:
            self.failures_left -= 1
            raise Unavailable(dependency="database")
        if self.poison in batch:
            raise ValueError("cannot be written")
        self.batches.append(len(batch))
        return [None] * len(batch)


@pytest.fixture
def database() -> Database:
    return Database()


async def test_what_arrives_together_is_committed_together(database: Database) -> None:
    group = GroupCommit(database.write)

    await asyncio.gather(*(group.submit(CommitRequest([], None), urgent=True) for _ in range(10)))

    assert database.batches == [10]


async def test_what_arrives_meanwhile_is_the_next_batch(database: Database) -> None:
    group = GroupCommit(database.write)
    first = asyncio.create_task(group.submit(CommitRequest([], None), urgent=True))
    await asyncio.sleep(0.0005)
    await asyncio.gather(*(group.submit(CommitRequest([], None), urgent=True) for _ in range(3)))
    await first

    assert database.batches == [1, 3]


async def test_who_is_in_no_hurry_rides_with_the_next(database: Database) -> None:
    group = GroupCommit(database.write)
    patient = asyncio.create_task(group.submit(CommitRequest([], None), urgent=False))
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
    impatient = asyncio.create_task(group.submit(CommitRequest([], None), urgent=True))
    patient = asyncio.create_task(group.submit(CommitRequest([], None), urgent=True))
    await asyncio.sleep(0.0005)
    impatient.cancel()

    await patient

    assert database.batches == [2]
