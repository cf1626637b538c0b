"""Gives memory back to the system after a crowd has left."""

import asyncio
import ctypes
import gc
from collections.abc import Callable

#: Seconds between two looks.
LOOK_EVERY = 5.0
#: A peak below this leaves too little behind to be worth a collection.
CROWD = 200


class CrowdWatch:
    """Collects once after a crowd of streams has come and most of it has gone.

    The collector's thresholds are high, so that it does not run while there is much to do; what a
    crowd leaves behind would lie around until as much again was allocated. And what was freed in
    many small pieces stays with the allocator until it is told to trim.
    """

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._peak = 0

    async def watch(self) -> None:
        """Look for as long as the process lives."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self.is_over():
                gc.collect()
                await asyncio.to_thread(_trim)

    def is_over(self) -> bool:
        """Whether there was a crowd, and it has left since."""
        now = self._count()
        self._peak = max(self._peak, now)
        if self._peak < CROWD or now > self._peak // 2:
            return False
        self._peak = now
        return True


def _trim() -> None:
    """Let glibc return what it holds free; other C libraries have no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
