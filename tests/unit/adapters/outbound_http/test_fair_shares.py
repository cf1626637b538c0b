"""Each key has so many at once, and leaves nothing behind."""

import asyncio

import pytest

from dify_hex.adapters.outbound_http.fair_shares import FairShares, NoneFree


async def test_no_more_than_its_share_at_once() -> None:
    shares = FairShares(2)
    inside = most = 0

    async def work() -> None:
        nonlocal inside, most
        async with shares.taking("a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(work() for _ in range(10)))

    assert most == 2


async def test_another_key_is_not_concerned() -> None:
    shares = FairShares(1)

    async with shares.taking("a"), shares.taking("b", patience=0.01):
        with pytest.raises(NoneFree):
            async with shares.taking("a", patience=0.01):
                pytest.fail("there was none")


async def test_a_failure_gives_it_back() -> None:
    shares = FairShares(1)

    for _ in range(3):
        with pytest.raises(KeyError):
            async with shares.taking("a", patience=0.01):
                raise KeyError
