"""Few places are shared out among the tenants, and nobody waits for one longer than they like."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from dify_hex.adapters.extraction.places import ReadingPlaces
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.reading_errors import DocumentReadersBusy
from dify_hex.domain.shared.ids import TenantId

ANN, BEN, CAT = (TenantId(new_id()) for _ in range(3))


class Reading:
    """Somebody who takes a place and keeps it until told otherwise."""

    def __init__(self, places: ReadingPlaces, tenant_id: TenantId) -> None:
        self.has_begun = False
        self._places = places
        self._tenant_id = tenant_id
        self._end = asyncio.Event()
        self.task = asyncio.create_task(self._read())

    async def end(self) -> None:
        self._end.set()
        await self.task
        await settle()

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.wait({self.task})
        await settle()

    async def _read(self) -> None:
        async with self._places.place(self._tenant_id, None):
            self.has_begun = True
            await self._end.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def begun(places: ReadingPlaces, *tenants: TenantId) -> list[Reading]:
    readings = [Reading(places, tenant_id) for tenant_id in tenants]
    await settle()
    return readings


async def test_one_tenant_never_holds_all() -> None:
    readings = await begun(ReadingPlaces(2), ANN, ANN, BEN)

    assert [each.has_begun for each in readings] == [True, False, True]
    await readings[0].end()
    assert readings[1].has_begun
    await readings[1].end()
    await readings[2].end()


async def test_a_single_place_is_for_everybody() -> None:
    readings = await begun(ReadingPlaces(1), ANN, BEN)

    assert [each.has_begun for each in readings] == [True, False]
    for each in readings:
        await each.end()


async def test_a_place_goes_to_whoever_holds_the_fewest() -> None:
    readings = await begun(ReadingPlaces(3), ANN, BEN, BEN, ANN, CAT)

    assert [each.has_begun for each in readings] == [True, True, True, False, False]
    await readings[2].end()
    assert [readings[3].has_begun, readings[4].has_begun] == [False, True]
    for number in (0, 1, 3, 4):
        await readings[number].end()


async def test_waiting_ends_with_the_patience() -> None:
    places = ReadingPlaces(1)
    async with places.place(ANN, None):
        with pytest.raises(DocumentReadersBusy) as caught:
            async with places.place(BEN, 0.0):
                pass
    assert caught.value.retry_after

    async with places.place(BEN, 0.0):
        pass


async def test_a_free_place_takes_no_patience() -> None:
    async with AsyncExitStack() as stack:
        for tenant_id in (ANN, BEN):
            await stack.enter_async_context(ReadingPlaces(1).place(tenant_id, 0.0))


async def test_who_gives_up_leaves_nothing_behind() -> None:
    places = ReadingPlaces(1)
    first, second, third = await begun(places, ANN, BEN, CAT)

    await second.cancel()
    await first.cancel()

    assert third.has_begun
    await third.end()


async def test_a_place_given_to_one_who_gives_up_at_that_moment_is_not_lost() -> None:
    places = ReadingPlaces(1)
    first, second, third = await begun(places, ANN, BEN, CAT)

    second.task.cancel()
    first._end.set()
    await settle()
    await settle()

    assert third.has_begun
    await third.end()
