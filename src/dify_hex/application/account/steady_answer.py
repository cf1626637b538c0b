"""Answering a failed sign-in after the same time, whatever it failed on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dify_hex.domain.account.errors import LoginFailed


@asynccontextmanager
async def failing_no_sooner_than(seconds: float) -> AsyncIterator[None]:
    """Hold back a `LoginFailed` until `seconds` after the start.

    A known e-mail costs a write that an unknown one does not; the difference must not be heard.
    """
    clock = asyncio.get_running_loop().time
    earliest = clock() + seconds
    try:
        yield
    except LoginFailed:
        await asyncio.sleep(max(0.0, earliest - clock()))
        raise
