"""The tail of a run: bounded, whatever is written, and fair to its readers."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.redis.run_tail import MAX_ENTRIES, RunTail, TailSubscription
from dify_hex.application.workflow.records import StreamEntry
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import StreamOverflow


def a_tail(max_characters: int = 1000) -> RunTail:
    return RunTail(TenantId(uuid4()), WorkflowRunId(uuid4()), max_characters=max_characters)


def entry(n: int, size: int = 1, token: int = 1) -> StreamEntry:
    return StreamEntry(token, 1, n, "node.delta", "x" * size)


@given(st.lists(st.integers(0, 400), max_size=60))
def test_it_never_holds_more_than_it_may_and_always_the_latest(sizes: list[int]) -> None:
    tail = a_tail()
    for n, size in enumerate(sizes, 1):
        tail.append([entry(n, size)])
        held = sum(len(one.data) for one in tail.entries)
        assert held <= 1000
        assert tail.entries[-1].n == n
        assert tail.end == n


def test_a_single_entry_may_be_larger_than_the_limit() -> None:
    tail = a_tail()
    tail.append([entry(1), entry(2, 5000)])
    assert [one.n for one in tail.entries] == [2]


def test_the_count_of_entries_is_bounded_too() -> None:
    tail = a_tail(10**9)
    for n in range(5000):
        tail.append([entry(n)])
    assert len(tail.entries) <= MAX_ENTRIES


async def test_every_reader_that_waits_is_woken_by_news() -> None:
    tail = a_tail()
    readers = [TailSubscription(tail, 0) for _ in range(3)]
    waiting = [asyncio.create_task(reader.next(10)) for reader in readers]
    await asyncio.sleep(0)
    tail.append([entry(1)])
    assert await asyncio.gather(*waiting) == [[entry(1)]] * 3


async def test_a_reader_that_stops_waiting_leaves_nothing_behind() -> None:
    tail = a_tail()
    reader = TailSubscription(tail, 0)
    assert await reader.next(0.001) == []
    waiting = asyncio.ensure_future(reader.next(10))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not tail._waiting


async def test_who_is_behind_the_window_is_told_so() -> None:
    tail = a_tail()
    reader = TailSubscription(tail, 0)
    for n in range(5):
        tail.append([entry(n, 400)])
    with pytest.raises(StreamOverflow):
        await reader.next(0)
