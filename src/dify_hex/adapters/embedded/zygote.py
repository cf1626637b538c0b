"""A process that has loaded what several processes need, and becomes each of them by forking."""

import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

from dify_hex.adapters.embedded.command_line import call_last_argument
from dify_hex.adapters.embedded.processes import GLANCE, die_with_parent

_RESTING = "dify_hex.adapters.embedded.resting_zygote"
#: What a request may be long; it is a name.
MAX_PACKET = 4096
#: Seconds without a request after which it rests.
_PATIENCE = 5.0
#: Seconds that a thread which loaded something gets to be gone.
_THREADS_END = 2.0


def load_apart(load: Callable[[], None]) -> None:
    """Load what the children share, so that their own work leaves its pages alone.

    A page is shared until somebody writes to it. Hence it happens in a thread, whose memory glibc
    keeps apart from the main thread's: what is free between two loaded objects would else be the
    first place where a child puts its own. And the collector writes to whatever it looks at, so
    that it never sees any of this again.

    Raises:
        BaseException: whatever loading raised.
    """
    failures: list[BaseException] = []

    def run() -> None:
        try:
            load()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the main thread
            failures.append(error)

    gc.disable()
    loader = threading.Thread(target=run, name="loader")
    loader.start()
    loader.join()
    if failures:
        raise failures[0]
    gc.collect()
    gc.freeze()
    gc.enable()


class Zygote:
    """Forks when it is asked to, and tells how its children end.

    A request is a child's name, with the descriptor that its output goes to. Answers are JSON:
    `{"ready": true}` first of all, then `{"pid": …}` or `{"failed": …}` for each request, in their
    order, and `{"ended": pid, "status": …}` when that happens. After a while without requests it
    rests, with nothing loaded; the next one makes it the command that it was started with again.
    """

    def __init__(self, control: socket.socket, *, patience: float = _PATIENCE) -> None:
        self._control = control
        self._patience = patience

    def serve(self) -> str | None:
        """Return in each child, with the name that was asked for; in the parent when all is over.

        Raises:
            RuntimeError: more than one thread runs; a fork would take locks along, locked for ever.
        """
        _await_single_thread()
        self._say({"ready": True})
        with _woken_by_ends() as woken:
            name = self._serve(woken)
        self._control.close()
        if name is not None:
            call_last_argument(name)
        return name

    def _serve(self, woken: int) -> str | None:
        # It may have ended while this was loading.
        self._bury(woken)
        while True:
            watched = [self._control.fileno(), woken]
            readable, _, _ = select.select(watched, [], [], self._patience)
            if not readable:
                self._rest()
            if woken in readable:
                self._bury(woken)
                continue
            request, descriptors, _, _ = socket.recv_fds(self._control, MAX_PACKET, 1)
            if not request:
                return None
            if self._fork(*descriptors):
                return request.decode()

    def _fork(self, output: int) -> bool:
        """Whether we are the child."""
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._say({"failed": str(error)})
            pid = -1
        if pid == 0:
            die_with_parent(parent, signal.SIGTERM)
            os.dup2(output, sys.stdout.fileno())
            os.dup2(output, sys.stderr.fileno())
        os.close(output)
        if pid > 0:
            self._say({"pid": pid})
        return pid == 0

    def _bury(self, woken: int) -> None:
        with suppress(BlockingIOError):
            os.read(woken, MAX_PACKET)
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                self._say({"ended": pid, "status": os.waitstatus_to_exitcode(status)})

    def _rest(self) -> None:
        control = self._control.fileno()
        os.set_inheritable(control, True)
        command = [sys.executable, *sys.orig_argv[1:]]
        resting = [sys.executable, "-P", "-m", _RESTING, str(control), *command]
        os.execv(sys.executable, resting)  # noqa: S606 - a program of our own

    def _say(self, answer: dict[str, object]) -> None:
        # Who is not there any more is told nothing; the next request will be the end.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._control.send(json.dumps(answer).encode())


@contextmanager
def _woken_by_ends() -> Iterator[int]:
    """A descriptor that can be read from when a child has ended."""
    woken, waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, before)
        os.close(woken)
        os.close(waker)


def _await_single_thread() -> None:
    """Wait until the loader is gone, which takes a moment longer than its join."""
    end = monotonic() + _THREADS_END
    while (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        if monotonic() > end:
            raise RuntimeError(f"{threads} threads run: something loaded has started one")
        sleep(GLANCE)
