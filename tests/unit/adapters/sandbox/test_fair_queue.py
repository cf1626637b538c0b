"""Tenants take turns, and none takes all there is."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.sandbox.service.fair_queue import FairQueue, QueueFull


def entering(queue: FairQueue, tenant: str) -> "asyncio.Task[None]":
    return asyncio.create_task(queue.enter(tenant))


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_one_tenant_gets_half_of_the_places() -> None:
    queue = FairQueue(places=8, waiting_limit=10)
    tasks = [entering(queue, "a") for _ in range(8)]
    await settled()

    assert (queue.running, queue.waiting) == (4, 4)

    await queue.enter("b")
    assert queue.running == 5
    assert [queue.running_of(tenant) for tenant in ("a", "b", "c")] == [4, 1, 0]
    for task in tasks:
        task.cancel()


async def test_tenants_take_turns() -> None:
    queue = FairQueue(places=1, waiting_limit=10)
    order: list[str] = []

    async def work(tenant: str) -> None:
        await queue.enter(tenant)
        order.append(tenant)
        await asyncio.sleep(0)
        queue.leave(tenant)

    await asyncio.gather(*(work(tenant) for tenant in "aaaabbc"))

    assert "".join(order) == "aabcaba"


async def test_a_full_queue_refuses() -> None:
    queue = FairQueue(places=1, waiting_limit=1)
    await queue.enter("a")
    waiting = entering(queue, "b")
    await settled()

    with pytest.raises(QueueFull):
        await queue.enter("c")
    waiting.cancel()


async def test_who_gives_up_waiting_frees_the_line() -> None:
    queue = FairQueue(places=1, waiting_limit=1)
    await queue.enter("a")
    waiting = entering(queue, "b")
    await settled()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert queue.waiting == 0

    queue.leave("a")
    await queue.enter("c")
    assert queue.running == 1


async def test_who_gives_up_at_the_last_moment_gives_its_place_back() -> None:
    queue = FairQueue(places=1, waiting_limit=1)
    await queue.enter("a")
    waiting = entering(queue, "b")
    await settled()
    queue.leave("a")
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert (queue.running, queue.waiting) == (0, 0)


async def test_places_that_come_free_are_given_out_at_once() -> None:
    queue = FairQueue(places=8, waiting_limit=50)
    others = [entering(queue, f"other {number}") for number in range(7)]
    await settled()
    waiting = [entering(queue, "a") for _ in range(6)]
    await settled()
    for number in range(len(others)):
        queue.leave(f"other {number}")

    assert (queue.running, queue.waiting) == (4, 2)
    for task in waiting:
        task.cancel()


@given(
    places=st.integers(1, 9),
    visits=st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.none() | st.integers(0, 12)),
        max_size=40,
    ),
)
def test_everyone_is_served_and_no_place_is_given_twice_or_lost(
    places: int, visits: list[tuple[str, int, int | None]]
) -> None:
    async def play() -> None:
        queue = FairQueue(places=places, waiting_limit=100)

        async def visit(tenant: str, turns: int) -> None:
            await queue.enter(tenant)
            try:
                assert queue.running <= places
                for _ in range(turns):
                    await asyncio.sleep(0)
            finally:
                queue.leave(tenant)

        async def come(tenant: str, turns: int, patience: int | None) -> None:
            visiting = asyncio.create_task(visit(tenant, turns))
            if patience is not None:
                for _ in range(patience):
                    await asyncio.sleep(0)
                visiting.cancel()
            await asyncio.wait([visiting])
            if not visiting.cancelled():
                visiting.result()

        async with asyncio.timeout(5):
            await asyncio.gather(*(come(*each) for each in visits))
        assert (queue.running, queue.waiting) == (0, 0)

    asyncio.run(play())
