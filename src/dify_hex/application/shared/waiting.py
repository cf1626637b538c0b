"""Waiting for what others have begun."""

import asyncio


async def until_done(future: asyncio.Future[None]) -> None:
    """Return once it is done, whatever came of it.

    Who waits can be cancelled; what is waited for goes on.
    """
    if future.done():
        return
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(_: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_result(None)

    future.add_done_callback(wake)
    try:
        await waiter
    finally:
        future.remove_done_callback(wake)
