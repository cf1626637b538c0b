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
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TypeVar

from dify_hex.adapters.sandbox.jail.wire import PACKET_SIZE, Order, Packet
from dify_hex.adapters.sandbox.service.control_group import ControlGroup
from dify_hex.adapters.sandbox.service.jailed import (
    CellLost,
    Ended,
    Jailed,
    LibrariesMissing,
    ZygoteLost,
)
from dify_hex.adapters.sandbox.service.options import ProfileSource
from dify_hex.adapters.sandbox.service.scratch import Scratch

#: Seconds until a zygote must have imported everything.
_START_LIMIT = 60.0
#: Seconds after which a zygote is asked whether it works, and in which it has to say so. A slow
#: machine is slow with both, and nothing is given up for it.
_SILENCE = 10.0
#: How often that is asked while a cell raises its walls, and while one that was killed goes down.
_ASKED_FOR_WALLS, _ASKED_FOR_END = 6, 3
_NOT_INSTALLED = 71
_SOURCES = Path(__file__).resolve().parents[4]
_START = (
    f"import sys; sys.path.insert(0, {os.fspath(_SOURCES)!r}); sys.dont_write_bytecode = True; "
    "from dify_hex.adapters.sandbox.jail.main import main; main()"
)
_numbers = count()
_T = TypeVar("_T")
#: Nothing of the service's own environment; threads of native libraries would not survive a fork.
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


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
        self._echo: asyncio.Future[None] | None = None
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
            CellLost: it cannot be made at the moment.
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
        report = asyncio.create_task(cell.hear_report())
        try:
            await self._patiently(report, _ASKED_FOR_WALLS)
        except BaseException:
            report.cancel()
            await asyncio.wait([report])
            self.discard(cell)
            raise
        return cell

    async def burial(self, cell: Jailed) -> Ended:
        """How a cell has ended that was told to, or did by itself.

        Raises:
            CellLost: it does not end.
            ZygoteLost: the zygote has died.
        """
        return await self._patiently(cell.ended, _ASKED_FOR_END)

    async def _patiently(self, awaited: "asyncio.Future[_T]", times: int) -> _T:
        """Wait for what the zygote has to do with, for as long as it works."""
        for _ in range(times):
            await asyncio.wait([awaited], timeout=_SILENCE)
            if awaited.done():
                return awaited.result()
            await self._ask()
        raise CellLost(f"nothing happened for {times * _SILENCE:.0f} s")

    async def _ask(self) -> None:
        """Have it show that it works through its orders, and end it if it does not.

        Raises:
            ZygoteLost: it does not.
        """
        if self._echo is None or self._echo.done():
            self._echo = asyncio.get_running_loop().create_future()
            self._send(Packet(Order.ECHO))
        await asyncio.wait([self._echo], timeout=_SILENCE)
        if not self._echo.done():
            self.end()
        if not self.is_alive:
            raise ZygoteLost("the zygote does not answer")

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
        if self._echo is not None:
            everyone.append(self._echo)
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
            case Order.ECHO:
                if self._echo is not None and not self._echo.done():
                    self._echo.set_result(None)
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
        if not cell.ended.done():
            self._send(Packet(order, cell.number))

    def _send(self, packet: Packet) -> None:
        if not self.is_alive:
            return
        try:
            self._control.send(packet.pack())
        except OSError:
            self.end()
