"""A jailed process as the service sees it, from the first that it says to its end."""

import asyncio
import json
import socket
from dataclasses import dataclass, field

from dify_hex.adapters.sandbox.jail.wire import HEAD_SIZE, Kind, parse_head

_LONGEST_REPORT = 64 << 10


class ZygoteLost(Exception):
    """The zygote cannot be started, or has died; whatever it had forked died with it."""


class LibrariesMissing(ZygoteLost):
    """The profile's libraries are not installed."""


class WallsMissing(ZygoteLost):
    """A cell could not raise its walls."""


class CellLost(ZygoteLost):
    """A cell died before it was ready, was not made, or does not end; its zygote stands."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a cell's process ended: status as of `wait`, most resident memory in KiB."""

    status: int
    resident: int


@dataclass(slots=True, kw_only=True)
class Jailed:
    """A jailed process behind its walls, waiting for its program."""

    number: int
    socket: socket.socket
    ended: "asyncio.Future[Ended]"
    #: Which walls it has raised.
    report: dict[str, object] = field(default_factory=dict)

    @property
    def has_own_files(self) -> bool:
        """Whether its files are in a file system of its own, which ends with it."""
        up = self.report.get("up")
        return isinstance(up, list) and "mount namespace" in up

    async def hear_report(self) -> None:
        """Wait for its report of its walls, before any foreign code is there.

        Raises:
            WallsMissing: it could not raise them.
            CellLost: it died.
        """
        kind, length = parse_head(await self._exactly(HEAD_SIZE), _LONGEST_REPORT)
        payload = await self._exactly(length)
        if kind != Kind.READY:
            raise WallsMissing(payload.decode(errors="replace"))
        self.report = json.loads(payload)

    async def _exactly(self, length: int) -> bytes:
        loop = asyncio.get_running_loop()
        data = b""
        while len(data) < length:
            piece = await loop.sock_recv(self.socket, length - len(data))
            if not piece:
                raise CellLost("the cell ended before it was ready")
            data += piece
        return data
