"""Tenants take turns, and none takes all there is."""

import asyncio
from collections import Counter

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

    assert order[:5] == ["a", "a", "b", "c", "a"] or order[:4] == ["a", "b", "c", "a"]
    assert Counter(order) == {"a": 4, "b": 2, "c": 1}


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


@given(
    places=st.integers(1, 9),
    visits=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=40),
)
def test_everyone_is_served_and_no_place_is_given_twice(
    places: int, visits: list[tuple[str, int]]
) -> None:
    async def play() -> None:
        queue = FairQueue(places=places, waiting_limit=100)
        served = 0

        async def visit(tenant: str, turns: int) -> None:
            nonlocal served
            await queue.enter(tenant)
            assert queue.running <= places
            for _ in range(turns):
                await asyncio.sleep(0)
            queue.leave(tenant)
            served += 1

        async with asyncio.timeout(5):
            await asyncio.gather(*(visit(tenant, turns) for tenant, turns in visits))
        assert served == len(visits)
        assert (queue.running, queue.waiting) == (0, 0)

    asyncio.run(play())
