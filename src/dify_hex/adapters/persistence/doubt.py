"""What became of a commit whose answer was lost with the connection."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dify_hex.adapters.persistence.errors import database_unavailable
from dify_hex.domain.shared.errors import Unavailable

#: Seconds for which a server is waited for that may have committed; it restarts in fewer.
PATIENCE = 8.0
_PAUSE = 0.2

T = TypeVar("T")


async def ask_until_known(ask: Callable[[], Awaitable[T | None]]) -> T:
    """Ask again and again, while the database is away and while the answer is None.

    Raises:
        Unavailable: patience has ended, and nothing is known.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    while True:
        try:
            known = await ask()
        except Unavailable:
            if loop.time() >= deadline:
                raise
        else:
            if known is not None:
                return known
            if loop.time() >= deadline:
                raise database_unavailable()
        await asyncio.sleep(_PAUSE)
