"""Runs a process's background loops: each restarts by itself when it fails."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from dify_hex.application.shared.telemetry import Counter, Telemetry
from dify_hex.domain.shared.errors import Unavailable

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
#: A loop that has worked for so many seconds is healthy again, and its next pause is short.
_HEALTHY_AFTER = 30.0
#: Seconds that loops get to end after they were told to.
_STOP_TIMEOUT = 5.0
_CANCEL_AGAIN = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BackgroundLoop:
    """Something that runs as long as the process; it ends only by being cancelled."""

    name: str
    run: Callable[[], Awaitable[None]]


def every(seconds: float, name: str, act: Callable[[], Awaitable[object]]) -> BackgroundLoop:
    """A loop that acts, waits, and acts again."""

    async def run() -> None:
        while True:
            await act()
            await asyncio.sleep(seconds)

    return BackgroundLoop(name, run)


class LoopRunner(AbstractAsyncContextManager["LoopRunner"]):
    """Keeps every loop running while the context is open, and ends them together."""

    def __init__(self, loops: Sequence[BackgroundLoop], telemetry: Telemetry) -> None:
        self._loops = loops
        self._telemetry = telemetry
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._keep(loop), name=loop.name) for loop in self._loops
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        clock = asyncio.get_running_loop()
        deadline = clock.time() + _STOP_TIMEOUT
        late = set(self._tasks)
        while late and clock.time() < deadline:
            # A cancellation that meets a library's own time limit may be lost in it: say it again.
            for task in late:
                task.cancel()
            _, late = await asyncio.wait(late, timeout=_CANCEL_AGAIN)
        for task in late:
            _log.warning("loop.does_not_end", loop=task.get_name())

    async def _keep(self, loop: BackgroundLoop) -> None:
        clock = asyncio.get_running_loop()
        pause = _FIRST_PAUSE
        while True:
            began = clock.time()
            try:
                await loop.run()
                _log.error("loop.ended", loop=loop.name)
            except Unavailable as error:
                _log.warning("loop.waits", loop=loop.name, reason=error.message)
            except Exception:  # noqa: BLE001 - whatever it was, the loop must go on
                _log.exception("loop.failed", loop=loop.name)
            self._telemetry.count(Counter.LOOP_FAILURES, loop=loop.name)
            if clock.time() - began > _HEALTHY_AFTER:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
