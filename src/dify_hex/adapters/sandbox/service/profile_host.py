"""Keeps one profile's zygote, started at first need, and a cell ahead of the next execution."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from dify_hex.adapters.sandbox.service.control_group import ControlGroup
from dify_hex.adapters.sandbox.service.jailed import (
    Jailed,
    LibrariesMissing,
    WallsMissing,
    ZygoteLost,
)
from dify_hex.adapters.sandbox.service.zygote_process import ZygoteProcess, ZygoteSettings

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class ProfileHost:
    """Gives out jailed processes of one profile."""

    settings: ZygoteSettings
    #: A new control group, or None where there are none.
    make_group: Callable[[], ControlGroup | None]
    idle_seconds: float
    _zygote: ZygoteProcess | None = None
    _starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _spare: "asyncio.Task[Jailed] | None" = None
    _used: float = field(default_factory=monotonic)

    @property
    def is_running(self) -> bool:
        """Whether its zygote is there."""
        return self._zygote is not None and self._zygote.is_alive

    @property
    def pid(self) -> int | None:
        """The number of its zygote's process."""
        return self._zygote.pid if self._zygote is not None and self.is_running else None

    async def take(self, *, ready: bool = True) -> tuple[ZygoteProcess, Jailed]:
        """A jailed process, and its zygote; the one that stands ready, unless that is for others.

        Raises:
            LibrariesMissing, WallsMissing, ZygoteLost: there is none to be had.
        """
        self._used = monotonic()
        zygote = await self._running()
        spare = None
        if ready:
            spare, self._spare = self._spare, None
        cell = None if spare is None else await _outcome(spare)
        if cell is None or cell.ended.done():
            zygote, cell = await self._forked()
        self._prepare(zygote)
        return zygote, cell

    async def _forked(self) -> tuple[ZygoteProcess, Jailed]:
        """A new cell; no code has been sent yet, so that it may be tried once more."""
        zygote = await self._running()
        try:
            return zygote, await zygote.fork()
        except (LibrariesMissing, WallsMissing):
            raise
        except ZygoteLost as error:
            _log.warning("no cell of %s, once more: %s", self.settings.profile, error)
        zygote = await self._running()
        return zygote, await zygote.fork()

    def retire(self) -> None:
        """Give the memory back when nobody has used it for long."""
        is_idle = monotonic() - self._used > self.idle_seconds
        spares = 0 if self._spare is None else 1
        if self._zygote is not None and self._zygote.cells <= spares and is_idle:
            self.end()

    def end(self) -> None:
        """End the zygote with everything it has forked."""
        if self._spare is not None:
            self._spare.cancel()
            self._spare = None
        if self._zygote is not None:
            self._zygote.end()
            self._zygote = None

    async def _running(self) -> ZygoteProcess:
        async with self._starting:
            if self._zygote is not None and self._zygote.is_alive:
                return self._zygote
            if self._spare is not None:
                self._spare.cancel()
                self._spare = None
            began = monotonic()
            zygote = ZygoteProcess(self.settings, self.make_group())
            await zygote.start()
            self._zygote = zygote
            took = round(monotonic() - began, 3)
            _log.info("zygote %s stands after %s s", self.settings.profile, took)
            return zygote

    def _prepare(self, zygote: ZygoteProcess) -> None:
        if self._spare is None:
            self._spare = asyncio.create_task(zygote.fork(), name="spare-cell")
            self._spare.add_done_callback(_know_of_failure)


async def _outcome(spare: "asyncio.Task[Jailed]") -> Jailed | None:
    """The spare cell, unless it could not be made or was given up meanwhile."""
    await asyncio.wait([spare])
    if spare.cancelled() or spare.exception() is not None:
        return None
    return spare.result()


def _know_of_failure(spare: "asyncio.Task[Jailed]") -> None:
    # Whoever wants the next cell makes one itself, and meets the same failure.
    if not spare.cancelled() and spare.exception() is not None:
        _log.warning("no spare cell: %s", spare.exception())
