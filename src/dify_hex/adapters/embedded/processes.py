"""Child processes: started as the right user, watched, stopped, never outliving their parent."""

import asyncio
import ctypes
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from dify_hex.adapters.embedded.service_user import ServiceUser

PR_SET_PDEATHSIG = 1
#: Seconds between two looks at something that cannot be waited for.
GLANCE = 0.01

_libc = ctypes.CDLL(None, use_errno=True)

#: Signals to send one after the other, each with the seconds it may take.
Escalation = Sequence[tuple[signal.Signals, float]]


def die_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """Have the kernel send the signal when the parent process ends, however it ends.

    Changing the user takes this back, so it is called after that.
    """
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), death_signal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """How to start a child: its output goes to a descriptor, its errors with it."""

    command: Sequence[str | Path]
    folder: Path
    output: int
    environment: Mapping[str, str]
    death_signal: signal.Signals
    user: ServiceUser | None = None
    keep_open: Sequence[int] = field(default=())
    input: bytes = b""

    def start(self) -> "ChildProcess":
        """Start it, in a session of its own so that a terminal's Ctrl-C does not reach it.

        Raises:
            OSError: it cannot be started.
        """
        user = self.user
        process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            stdin=subprocess.PIPE if self.input else subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            env=dict(self.environment),
            pass_fds=tuple(self.keep_open),
            start_new_session=True,
            umask=0o077,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            preexec_fn=_dying_with(os.getpid(), self.death_signal),  # noqa: PLW1509 - no threads here
        )
        if process.stdin is not None:
            # A child that ends before it has read is seen by its status.
            with suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(self.input)
        return ChildProcess(process)


class Child(ABC):
    """A running child, or a child's child."""

    @property
    @abstractmethod
    def pid(self) -> int:
        """Its number."""

    @property
    @abstractmethod
    def is_running(self) -> bool:
        """Whether it has not ended yet."""

    @abstractmethod
    async def wait(self) -> int:
        """Wait for its end and return its exit status, negative for a signal's number."""

    async def ends_within(self, seconds: float) -> int:
        """Wait for its end, make it end when that takes longer, and return its exit status."""
        try:
            async with asyncio.timeout(seconds):
                return await self.wait()
        except TimeoutError:
            return await self.stop(())

    async def stop(self, escalation: Escalation) -> int:
        """Ask it to end, more and more firmly, and return its exit status."""
        for request, patience in (*escalation, (signal.SIGKILL, 60.0)):
            if not self.is_running:
                break
            send(self.pid, request)
            try:
                async with asyncio.timeout(patience):
                    await self.wait()
            except TimeoutError:
                continue
        return await self.wait()


class ChildProcess(Child):
    """A child that we have started, and bury."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    async def wait(self) -> int:
        """Wait for its end and return its exit status, negative for a signal's number."""
        while (status := self._process.poll()) is None:
            await end_of(self.pid)
        return status


def processes_in(folder: Path) -> list[int]:
    """The processes whose working folder is this one: a server's own, wherever they came from."""
    wanted = str(folder.resolve())
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            if str((entry / "cwd").readlink()) == wanted:
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


async def end_processes_in(folder: Path, escalation: Escalation) -> None:
    """End what a killed predecessor has left running on a part's data, and wait for its end."""
    await end_processes(lambda: processes_in(folder), escalation)


async def end_processes(find: Callable[[], list[int]], escalation: Escalation) -> None:
    """Send signals, one after the other, to what `find` finds until it finds nothing."""
    for request, patience in (*escalation, (signal.SIGKILL, 5.0)):
        running = find()
        if not running:
            return
        for pid in running:
            send(pid, request)
        end = monotonic() + patience
        while find() and monotonic() < end:  # noqa: ASYNC110 - the kernel announces nothing
            await asyncio.sleep(GLANCE)


def send(pid: int, request: signal.Signals) -> None:
    """Send a signal to a process that may have ended."""
    try:
        os.kill(pid, request)
    except ProcessLookupError:
        return


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # The name in brackets may hold anything.
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def _dying_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    return lambda: die_with_parent(parent, death_signal)


async def end_of(pid: int) -> None:
    """Sleep until a process ends; some sandboxes do not let it be watched, then for a moment."""
    try:
        watched = os.pidfd_open(pid)
    except OSError:
        await asyncio.sleep(0.05)
        return
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    loop.add_reader(watched, _resolve, ended)
    try:
        await ended
    finally:
        loop.remove_reader(watched)
        os.close(watched)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
