"""Waiting neither asks what came of it nor ends what is waited for."""

import asyncio

import pytest

from dify_hex.application.shared.waiting import until_done


@pytest.mark.parametrize("is_cancelled", [False, True])
async def test_it_ends_with_what_is_waited_for_whatever_came_of_it(is_cancelled: bool) -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(until_done(future))
    await asyncio.sleep(0)
    assert not waiting.done()

    if is_cancelled:
        future.cancel()
    else:
        future.set_result(None)

    await waiting
    await until_done(future)


async def test_who_gives_up_waiting_cancels_nothing() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(until_done(future))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert not future.done()
    future.set_result(None)
