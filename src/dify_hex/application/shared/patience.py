"""Waiting for the system's own database, where giving up would lose more than waiting costs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from dify_hex.domain.shared.errors import Unavailable

T = TypeVar("T")

#: Seconds between two tries.
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
#: How adapters name the database in the details of `Unavailable`.
DATABASE = "database"


async def patiently(read: Callable[[], Awaitable[T]]) -> T:
    """What `read` gives, tried again until the database is back; other errors pass through.

    Only for reads inside a run: it ends with the run, by its time limit or when it is stopped.
    """
    wait = _FIRST_WAIT
    while True:
        try:
            return await read()
        except Unavailable as error:
            if error.details.get("dependency") != DATABASE:
                raise
        await asyncio.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)
