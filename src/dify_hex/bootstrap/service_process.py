"""What serves, as processes that `dify-hex up` keeps running, and the commands for them."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.processes import Child, ChildProcess, Launch

Command = tuple[str, ...]

_CLI = (sys.executable, "-P", "-m", "dify_hex.bootstrap.cli")
#: Every command that `up` runs, in one place.
COMMANDS: Mapping[str, Command] = {
    "migrate": (*_CLI, "migrate"),
    "zygote": (sys.executable, "-P", "-m", "dify_hex.bootstrap.services"),
    "sandbox": (*_CLI, "sandbox"),
    "setup-link": (*_CLI, "accounts", "setup-link"),
}
#: Seconds between two questions whether the API is ready.
_PATIENCE = 0.05
_ANSWER_LIMIT = 5.0
_READY = b"HTTP/1.1 200"

Probe = Callable[[], Awaitable[bool]]
Begin = Callable[[], Awaitable[Child]]


class ServiceProcess:
    """One that goes on; its URLs come to it by files and environment, never by argument."""

    def __init__(
        self,
        name: str,
        begin: Begin,
        *,
        grace: float,
        ready: Probe | None = None,
    ) -> None:
        self.name = name
        self._begin = begin
        self._grace = grace
        self._ready = ready
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        """The number of its process."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start it and return when its probe says that it is ready.

        Raises:
            EmbeddedPartFailed: it could not begin, or ended before.
        """
        self._child = await self._begin()
        while self._ready is not None and not await self._ready():
            if not self._child.is_running:
                status = await self._child.wait()
                raise EmbeddedPartFailed(f"ended with status {status} before it was ready")
            await asyncio.sleep(_PATIENCE)

    async def exited(self) -> int:
        """Wait until it has ended, and return its exit status."""
        return await self._child.wait() if self._child else 0

    async def stop(self) -> None:
        """Let it finish or release what it does, within its grace."""
        if self._child is not None:
            await self._child.stop(((signal.SIGTERM, self._grace),))


def launch(command: Command, output: int, environment: Mapping[str, str]) -> ChildProcess:
    """Start one of our own commands, to be asked to end when we end."""
    return Launch(
        command=command,
        folder=Path.cwd(),
        output=output,
        environment=environment,
        death_signal=signal.SIGTERM,
    ).start()


async def is_ready(host: str, port: int) -> bool:
    """Whether the API at the address answers 200 on `/health/ready`."""
    try:
        async with asyncio.timeout(_ANSWER_LIMIT):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                request = f"GET /health/ready HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                return (await reader.readline()).startswith(_READY)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
