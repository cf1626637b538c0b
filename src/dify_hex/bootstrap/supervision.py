"""Keeps a process running: starts it again when it ends, at first at once, then more slowly."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed

#: Seconds until the first restart, and at most.
FIRST_DELAY = 0.1
LONGEST_DELAY = 5.0
#: Seconds after which a process counts as well again.
STABLE_AFTER = 10.0


class Process(Protocol):
    """Something with a beginning and an end: an embedded part, the API, the worker."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def pid(self) -> int | None:
        """Its number, once it has been started."""
        ...

    async def start(self) -> None:
        """Start it and return when it does its work."""
        ...

    async def exited(self) -> int:
        """Wait for its end and return its exit status."""
        ...

    async def stop(self) -> None:
        """End it in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process has ended, or could not be started, and is started again after the delay."""

    name: str
    reason: str
    delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """A process does its work."""

    name: str
    seconds: float


Notice = Ended | Began


class Keeper:
    """Keeps one process running until it is stopped."""

    def __init__(self, process: Process, tell: Callable[[Notice], None]) -> None:
        self.process = process
        self._tell = tell
        self._delay = FIRST_DELAY
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process; from then on it is kept running.

        Raises:
            EmbeddedPartFailed, OSError: the first start failed; nothing is kept then.
        """
        await self._start()
        self._keeping = asyncio.create_task(self._keep())

    def start_soon(self) -> None:
        """The same without waiting; a first start that fails is tried again like any other."""
        self._keeping = asyncio.create_task(self._start_until_it_works())

    async def stop(self) -> None:
        """Keep it no longer, and end it."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self.process.stop()

    async def _start_until_it_works(self) -> None:
        await self._begin_again()
        await self._keep()

    async def _keep(self) -> None:
        while True:
            began = monotonic()
            status = await self.process.exited()
            if monotonic() - began >= STABLE_AFTER:
                self._delay = FIRST_DELAY
            self._tell_end(_meaning(status))
            await asyncio.sleep(self._next_delay())
            await self._begin_again()

    async def _begin_again(self) -> None:
        while True:
            try:
                await self._start()
            except (EmbeddedPartFailed, OSError) as error:
                self._tell_end(str(error))
            else:
                return
            await asyncio.sleep(self._next_delay())

    async def _start(self) -> None:
        began = monotonic()
        await self.process.start()
        self._tell(Began(name=self.process.name, seconds=monotonic() - began))

    def _tell_end(self, reason: str) -> None:
        self._tell(Ended(name=self.process.name, reason=reason, delay=self._delay))

    def _next_delay(self) -> float:
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        return delay


def _meaning(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"
