"""Valkey as a child process: on a unix socket, with a password, its data appended to a file."""

import asyncio
import os
import signal
from dataclasses import dataclass
from urllib.parse import quote

from dify_hex.adapters.embedded.binaries import valkey_program
from dify_hex.adapters.embedded.credentials import Credentials, write_private
from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.processes import (
    GLANCE,
    ChildProcess,
    Escalation,
    Launch,
    end_processes_in,
)
from dify_hex.adapters.embedded.service_user import give

STOPPING: Escalation = ((signal.SIGTERM, 10.0),)
#: Loading a large file may take long; a dead server is seen at once.
START_LIMIT = 300.0
ANSWER_LIMIT = 5.0

_SETTINGS = (
    "port 0",
    "unixsocketperm 700",
    "daemonize no",
    "loglevel notice",
    # Events and limits may not vanish silently: a full memory is an error that is seen.
    "maxmemory-policy noeviction",
    # The appended file is the only copy; a last entry that was cut short is dropped.
    "appendonly yes",
    "appendfsync everysec",
    "aof-load-truncated yes",
    'save ""',
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    is_ready: bool
    text: str


class ValkeyServer:
    """The Redis-compatible server of one data folder."""

    name = "valkey"

    def __init__(self, folder: DataFolder, *, output: int) -> None:
        self._folder = folder
        self._output = output
        self._data = folder.part("valkey")
        self._socket = folder.sockets("vk") / "valkey.sock"
        self._password = Credentials.of(folder.credentials).redis
        self._child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """The URL, which stays the same from start to start."""
        return f"unix://:{self._password}@{quote(os.fspath(self._socket))}"

    @property
    def pid(self) -> int | None:
        """The number of the server's process."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the server and return when it takes commands.

        Raises:
            EmbeddedPartFailed: it did not come up.
        """
        program = valkey_program(self._folder)
        await end_processes_in(self._data, STOPPING)
        self._socket.unlink(missing_ok=True)
        configuration = self._data / "valkey.conf"
        write_private(configuration, "\n".join((*_SETTINGS, *self._places())) + "\n")
        give(configuration, self._folder.user)
        self._child = Launch(
            command=[program, configuration],
            folder=self._data,
            output=self._output,
            environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            death_signal=signal.SIGTERM,
            user=self._folder.user,
        ).start()
        await self._ready(self._child)

    async def exited(self) -> int:
        """Wait until the server has ended, and return its exit status."""
        return await self._child.wait() if self._child else 0

    async def stop(self) -> None:
        """Shut the server down; what it holds is on the disk then."""
        if self._child is not None:
            await self._child.stop(STOPPING)

    def _places(self) -> tuple[str, ...]:
        return (
            f"dir {_quoted(os.fspath(self._data))}",
            f"unixsocket {_quoted(os.fspath(self._socket))}",
            f"requirepass {self._password}",
        )

    async def _ready(self, child: ChildProcess) -> None:
        answer = _Answer(is_ready=False, text="no answer")
        try:
            async with asyncio.timeout(START_LIMIT):
                while not answer.is_ready:
                    if not child.is_running:
                        raise EmbeddedPartFailed(
                            f"Valkey ended while starting ({await child.wait()}): "
                            f"read the end of {self._folder.logs / 'valkey.log'}; if its file is "
                            f"damaged, move {self._data / 'appendonlydir'} away: everything that "
                            "must last is in the database"
                        )
                    await asyncio.sleep(GLANCE)
                    answer = await self._ask()
        except TimeoutError as error:
            await child.stop(STOPPING)
            raise EmbeddedPartFailed(
                f"Valkey did not take commands within {START_LIMIT:.0f} s ({answer.text})"
            ) from error

    async def _ask(self) -> _Answer:
        """Sign in and ping; a server that is still loading its data refuses the ping."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError as error:
            return _Answer(is_ready=False, text=str(error))
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
            async with asyncio.timeout(ANSWER_LIMIT):
                text = (await reader.read()).decode(errors="replace")
        except (OSError, TimeoutError) as error:
            return _Answer(is_ready=False, text=str(error))
        finally:
            writer.close()
        return _Answer(is_ready="+PONG" in text, text=text.strip())


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
