"""The zygote as its parent sees it: a part that is kept running, and forks services."""

import asyncio
import json
import signal
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.processes import (
    Child,
    ChildProcess,
    Escalation,
    Launch,
    end_of,
    is_alive,
)
from dify_hex.adapters.embedded.zygote import MAX_PACKET

_STOPPING: Escalation = ((signal.SIGTERM, 3.0),)
#: Seconds until a zygote that has to be there again counts as lost.
_PATIENCE = 30.0


class ForkedProcess(Child):
    """A child of the zygote, which tells us how it ended."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet, as far as anybody has told."""
        return not self._status.done()

    async def wait(self) -> int:
        """Wait for its end and return its exit status, negative for a signal's number."""
        return await asyncio.shield(self._status)

    def has_ended(self, status: int) -> None:
        """Be told of its end."""
        if not self._status.done():
            self._status.set_result(status)


class ZygoteProcess:
    """Its command gets one more argument, `--control=<descriptor>`, of the socket it is told by."""

    name = "zygote"

    def __init__(
        self, command: Sequence[str], *, output: int, environment: Mapping[str, str]
    ) -> None:
        self._command = command
        self._output = output
        self._environment = environment
        self._child: ChildProcess | None = None
        self._control: socket.socket | None = None
        self._children: dict[int, ForkedProcess] = {}
        self._requests: deque[asyncio.Future[ForkedProcess]] = deque()
        self._is_ready = asyncio.Event()
        self._beginning: asyncio.Future[bool] | None = None
        self._watching: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start it and return when everything is loaded.

        Raises:
            EmbeddedPartFailed: it ended before.
        """
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self._child = Launch(
                command=[*self._command, f"--control={its.fileno()}"],
                folder=Path.cwd(),
                output=self._output,
                environment=self._environment,
                death_signal=signal.SIGTERM,
                keep_open=[its.fileno()],
            ).start()
        ours.setblocking(False)
        self._control = ours
        asyncio.get_running_loop().add_reader(ours, self._hear, ours)
        self._beginning = asyncio.get_running_loop().create_future()
        if not await self._beginning:
            status = await self._child.wait()
            raise EmbeddedPartFailed(f"ended with status {status} before it was ready")

    async def fork(self, name: str, output: int) -> ForkedProcess:
        """A new process of that name, whose output goes to the descriptor.

        Raises:
            EmbeddedPartFailed: there is no zygote, or it cannot fork.
        """
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._is_ready.wait()
                while not self._asks(name, output):
                    await self._is_ready.wait()
        except TimeoutError:
            raise EmbeddedPartFailed("there is nothing to fork it from") from None
        answer: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        self._requests.append(answer)
        return await answer

    async def exited(self) -> int:
        """Wait until it has ended, and return its exit status."""
        return await self._child.wait() if self._child else 0

    async def stop(self) -> None:
        """End it; whatever it has forked is told to end by the kernel."""
        if self._child is not None:
            await self._child.stop(_STOPPING)

    def _asks(self, name: str, output: int) -> bool:
        """Whether there was somebody to ask."""
        if self._control is None:
            return False
        try:
            socket.send_fds(self._control, [name.encode()], [output])
        except (BrokenPipeError, ConnectionResetError):
            # It has ended, which we are about to hear.
            self._is_ready.clear()
            return False
        except OSError as error:
            raise EmbeddedPartFailed(f"it cannot be forked: {error}") from error
        return True

    def _hear(self, control: socket.socket) -> None:
        try:
            packet = control.recv(MAX_PACKET)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        match json.loads(packet or b"{}"):
            case {"ready": _}:
                self._is_ready.set()
                self._has_begun(True)
            case {"pid": int(pid)}:
                self._children[pid] = ForkedProcess(pid)
                _answer(self._requests.popleft(), self._children[pid])
            case {"failed": reason}:
                _refuse(self._requests.popleft(), f"it cannot be forked: {reason}")
            case {"ended": int(pid), "status": int(status)}:
                self._children.pop(pid).has_ended(status)
            case _:
                self._is_over(control)

    def _has_begun(self, succeeded: bool) -> None:
        if self._beginning is not None and not self._beginning.done():
            self._beginning.set_result(succeeded)

    def _is_over(self, control: socket.socket) -> None:
        """The zygote has ended: what it had forked is ending too, and nobody tells of that."""
        asyncio.get_running_loop().remove_reader(control)
        control.close()
        self._is_ready.clear()
        self._has_begun(False)
        while self._requests:
            _refuse(self._requests.popleft(), "it cannot be forked: what forks has ended")
        for child in self._children.values():
            task = asyncio.create_task(_see_off(child))
            self._watching.add(task)
            task.add_done_callback(self._watching.discard)
        self._children.clear()


async def _see_off(orphan: ForkedProcess) -> None:
    while is_alive(orphan.pid):
        await end_of(orphan.pid)
    # Nobody has heard its status; this is the signal that the kernel has sent it.
    orphan.has_ended(-signal.SIGTERM)


def _answer(request: asyncio.Future[ForkedProcess], child: ForkedProcess) -> None:
    if not request.done():
        request.set_result(child)


def _refuse(request: asyncio.Future[ForkedProcess], reason: str) -> None:
    if not request.done():
        request.set_exception(EmbeddedPartFailed(reason))
