"""A whole `dify-hex up` for a test, with its parts real and its services stand-ins."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from dify_hex.adapters.embedded.service_user import ServiceUser
from tests.fakes.interpreter import interpreter_for

ROOT = Path(__file__).parents[3]
STAND_INS = Path(__file__).with_name("stand_ins.py")
PATIENCE = 60.0


class RunningUp:
    """The process and what it has shown so far."""

    def __init__(self, process: subprocess.Popen[str], home: Path, port: int) -> None:
        self.process = process
        self.home = home
        self.port = port
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that it has shown."""
        return "".join(self.lines)

    def parts(self) -> dict[str, str]:
        """What it tells other commands about its parts."""
        return dict(json.loads((self.home / "run" / "parts.json").read_text()))

    def pid_of(self, name: str) -> int:
        """The number of one of its processes, as other commands see it."""
        return int(self.parts()[f"pid_{name}"].partition("@")[0])

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to come true while the process goes on."""
        end = monotonic() + PATIENCE
        while not condition():
            assert monotonic() < end, self.text
            sleep(0.02)

    def wait_until_ready(self) -> None:
        """Wait until it says that everything runs."""
        self.wait_until(lambda: "Ctrl-C stops" in self.text or self.process.poll() is not None)
        assert self.process.poll() is None, self.text

    def kill(self, name: str) -> None:
        """End one of its processes with -9, and wait until there is a new one."""
        old = self.pid_of(name)
        os.kill(old, signal.SIGKILL)
        self.wait_until(lambda: self.pid_of(name) != old)

    def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        self.process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait for its end."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_up(
    home: Path,
    *,
    user: ServiceUser | None = None,
    port: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[RunningUp]:
    """Start it on the data folder, as another user when one is given; killed in the end."""
    chosen = port or free_port()
    environment = {
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "DIFY_HEX_HOME": os.fspath(home),
        "DIFY_HEX_PORT": str(chosen),
        **(variables or {}),
    }
    process = subprocess.Popen(
        [interpreter_for(user), STAND_INS],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    up = RunningUp(process, home, chosen)
    try:
        yield up
    finally:
        if process.poll() is None:
            process.kill()
            up.ended()
