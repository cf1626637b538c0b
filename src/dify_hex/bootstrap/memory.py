"""Gives memory back to the system after a crowd has left."""

import asyncio
import ctypes
import gc
import os
import sys
from collections.abc import Callable, Mapping

#: Seconds between two looks.
LOOK_EVERY = 5.0
#: A peak below this leaves too little behind to be worth a collection.
CROWD = 200

# Other C libraries than glibc have no such call.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


class CrowdWatch:
    """Collects once after a crowd of streams has come and most of it has gone.

    The collector's thresholds are high, so that it does not run while there is much to do; what a
    crowd leaves behind would lie around until as much again was allocated. And what was freed in
    many small pieces stays with the allocator until it is told to trim.
    """

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._peak = 0
        self._before = 0

    async def watch(self) -> None:
        """Look for as long as the process lives."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self.is_over():
                gc.collect()
                await asyncio.to_thread(trim)

    def is_over(self) -> bool:
        """Whether there was a crowd, and it has left since.

        A crowd that is still leaving is waited for: collected in its midst, the rest would stay.
        """
        before, self._before = self._before, self._count()
        self._peak = max(self._peak, self._before)
        is_leaving = self._before < before
        if self._peak < CROWD or self._before > self._peak // 2 or is_leaving:
            return False
        self._peak = self._before
        return True


def giving_memory_back(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a process of ours can return what it holds free.

    Python's own allocator returns a mebibyte only when nothing is left in it, glibc's each page.
    Whoever has set an allocator keeps it, and so does who has no glibc.
    """
    return {"PYTHONMALLOC": "malloc", **environment} if _trim else dict(environment)


def start_again_giving_memory_back() -> None:
    """Replace this process by the same command in that environment, if it is in another.

    Python has chosen its allocator before it runs a line of ours.
    """
    environment = giving_memory_back(os.environ)
    if environment != dict(os.environ):
        command = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, command, environment)  # noqa: S606 - what runs already


def trim() -> None:
    """Let the C library return what it holds free."""
    if _trim:
        _trim(0)
