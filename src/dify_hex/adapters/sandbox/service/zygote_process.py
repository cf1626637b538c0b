"""A zygote as the service sees it: a child process, its packets, and the cells it has forked."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from dify_hex.adapters.sandbox.jail.wire import (
    HEAD_SIZE,
    PACKET_SIZE,
    Kind,
    Order,
    Packet,
    parse_head,
)
from dify_hex.adapters.sandbox.service.control_group import ControlGroup
from dify_hex.adapters.sandbox.service.options import ProfileSource
from dify_hex.adapters.sandbox.service.scratch import Scratch

#: Seconds until a zygote must have imported everything, and a cell raised its walls.
_START_LIMIT = 60.0
_CELL_LIMIT = 10.0
_LONGEST_REPORT = 64 << 10
_NOT_INSTALLED = 71
_SOURCES = Path(__file__).resolve().parents[4]
_START = (
    f"import sys; sys.path.insert(0, {os.fspath(_SOURCES)!r}); sys.dont_write_bytecode = True; "
    "from dify_hex.adapters.sandbox.jail.main import main; main()"
)
#: Nothing of the service's own environment; threads of native libraries would not survive a fork.
_numbers = count()
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class ZygoteLost(Exception):
    """The zygote cannot be started, or has died; whatever it had forked died with it."""


class LibrariesMissing(ZygoteLost):
    """The profile's libraries are not installed."""


class WallsMissing(ZygoteLost):
    """A cell could not raise its walls."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ZygoteSettings:
    """How a zygote is started."""

    profile: str
    source: ProfileSource
    scratch: Path
    without: Sequence[str]
    #: Whom it becomes, where the service is root.
    uid: int
    gid: int


class ZygoteProcess:
    """One running zygote."""

    def __init__(self, settings: ZygoteSettings, group: ControlGroup | None) -> None:
        self._settings = settings
        self._group = group
        self._next = 0
        self.scratch = Scratch(settings.scratch / f"{settings.profile}-{next(_numbers)}")
        self._cells: dict[int, Jailed] = {}
        self._stands: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._control, self._child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: subprocess.Popen[bytes] | None = None
        self.is_alive = False

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._process.pid if self._process else None

    @property
    def cells(self) -> int:
        """How many of its cells are there."""
        return len(self._cells)

    async def start(self) -> None:
        """Start it and return when it can fork.

        Raises:
            LibrariesMissing, ZygoteLost: it did not come up.
        """
        self._control.setblocking(False)
        self.scratch.make(self._settings.uid, self._settings.gid)
        self._process = self._launch()
        self._child_end.close()
        self.is_alive = True
        asyncio.get_running_loop().add_reader(self._control, self._read)
        try:
            async with asyncio.timeout(_START_LIMIT):
                await self._stands
        except TimeoutError:
            self.end()
            raise ZygoteLost(f"the zygote was not ready within {_START_LIMIT:.0f} s") from None

    async def fork(self) -> Jailed:
        """A new jailed process, its walls up.

        Raises:
            WallsMissing: they are not.
            ZygoteLost: the zygote has died.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self._next += 1
        cell = Jailed(
            number=self._next, socket=ours, ended=asyncio.get_running_loop().create_future()
        )
        with theirs:
            self._cells[cell.number] = cell
            packet = Packet(Order.FORK, cell.number).pack()
            try:
                socket.send_fds(self._control, [packet], [theirs.fileno()])
            except OSError as error:
                self.end()
                raise ZygoteLost(f"the zygote takes no orders: {error.strerror}") from error
        try:
            async with asyncio.timeout(_CELL_LIMIT):
                cell.report = await _report(ours)
        except TimeoutError:
            self.end()
            raise ZygoteLost("the zygote does not fork") from None
        except BaseException:
            self.discard(cell)
            raise
        return cell

    def kill(self, cell: Jailed) -> None:
        """End a jailed process and all that belongs to it."""
        self._order(Order.KILL, cell)

    def demote(self, cell: Jailed) -> None:
        """Let all others go first."""
        self._order(Order.DEMOTE, cell)

    def discard(self, cell: Jailed) -> None:
        """End a jailed process that is not needed any more."""
        cell.socket.close()
        self.kill(cell)

    def end(self) -> None:
        """End it and everything it has forked, at once."""
        if not self.is_alive:
            return
        self.is_alive = False
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        if self._process is not None:
            self._process.kill()
            self._clean_up(self._process.wait())

    def _clean_up(self, status: int) -> None:
        self._fail(status)
        self.scratch.remove()
        if self._group is not None:
            self._group.remove()

    def _fail(self, status: int) -> None:
        error: ZygoteLost = ZygoteLost(f"the zygote ended with status {status}")
        if status == _NOT_INSTALLED:
            error = LibrariesMissing("libraries are missing")
        cells = [cell.ended for cell in self._cells.values()]
        everyone: list[asyncio.Future[None] | asyncio.Future[Ended]] = [self._stands, *cells]
        for waiting in everyone:
            if not waiting.done():
                waiting.set_exception(error)
                # Whoever has gone meanwhile does not want to know.
                waiting.exception()
        self._cells.clear()

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = self._settings
        control = self._child_end.fileno()
        told = {
            "profile": settings.profile,
            "libraries": list(settings.source.libraries),
            "shows_libraries": settings.source.shows_libraries,
            "scratch": os.fspath(self.scratch.folder),
            "without": list(settings.without),
            "uid": settings.uid,
            "gid": settings.gid,
            "control": control,
            "parent": os.getpid(),
        }
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            pass_fds=(control,),
            start_new_session=True,
            # Folders of the jail's root are made with it, and passed through by another user.
            umask=0o022,
        )
        if process.stdin is not None:
            # One that ends before it has read is seen by its status.
            with suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(json.dumps(told).encode())
        if self._group is not None:
            with suppress(OSError):
                self._group.add(process.pid)
        return process

    def _read(self) -> None:
        try:
            data = self._control.recv(PACKET_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if len(data) < PACKET_SIZE:
            self._await_end()
            return
        packet = Packet.unpack(data)
        match packet.order:
            case Order.STANDS:
                if not self._stands.done():
                    self._stands.set_result(None)
            case Order.ENDED | Order.REFUSED:
                self._bury(packet)
            case _:
                self.end()

    def _bury(self, packet: Packet) -> None:
        cell = self._cells.pop(packet.execution, None)
        if cell is not None and not cell.ended.done():
            cell.ended.set_result(Ended(packet.first, packet.second))

    def _await_end(self) -> None:
        """It has closed its end: it is ending, and its status says why."""
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self.is_alive = False
        if self._process is None:
            return
        try:
            status = self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            status = self._process.wait()
        self._clean_up(status)

    def _order(self, order: Order, cell: Jailed) -> None:
        if not self.is_alive or cell.ended.done():
            return
        try:
            self._control.send(Packet(order, cell.number).pack())
        except OSError:
            self.end()


async def _report(ours: socket.socket) -> dict[str, object]:
    """What a new cell says of its walls, before any foreign code is there.

    Raises:
        WallsMissing: it could not raise them, or died.
    """
    kind, length = parse_head(await _exactly(ours, HEAD_SIZE), _LONGEST_REPORT)
    payload = await _exactly(ours, length)
    if kind != Kind.READY:
        raise WallsMissing(payload.decode(errors="replace"))
    report: dict[str, object] = json.loads(payload)
    return report


async def _exactly(ours: socket.socket, length: int) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while len(data) < length:
        piece = await loop.sock_recv(ours, length - len(data))
        if not piece:
            raise WallsMissing("the cell ended before it was ready")
        data += piece
    return data
