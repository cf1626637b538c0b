"""What is put in comes out in its order, and whoever waits is woken."""

import asyncio

import pytest

from dify_hex.application.shared.mailbox import Mailbox


async def test_things_come_out_in_their_order() -> None:
    box = Mailbox[int]()
    box.put(1)
    box.put(2)

    assert not box.is_empty
    assert [await box.get(), await box.get()] == [1, 2]
    assert Mailbox[int]().is_empty


async def test_who_waits_is_woken_once_however_much_comes() -> None:
    box = Mailbox[int]()
    waiting = asyncio.create_task(box.get())
    await asyncio.sleep(0)

    box.put(1)
    box.put(2)

    assert await waiting == 1
    assert await box.get() == 2


async def test_a_reader_that_is_cancelled_takes_nothing_along() -> None:
    box = Mailbox[int]()
    waiting = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    waiting.cancel()
    box.put(1)

    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await box.get() == 1
