"""The built-in language model as a child process, on a loopback port that is kept for it."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from dataclasses import asdict
from pathlib import Path

from dify_hex.adapters.embedded import binaries
from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.model_host import Instructions
from dify_hex.adapters.embedded.processes import (
    ChildProcess,
    Escalation,
    Launch,
    end_processes_in,
)

ALIAS = "smollm2-135m-instruct"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
STOPPING: Escalation = ((signal.SIGTERM, 3.0),)
#: Reading the weights from a slow disk for the first time.
START_LIMIT = 120.0


def default_threads() -> int:
    """All cores but one: with every core the model slows down whatever else is at work."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


class ModelServer:
    """An OpenAI-compatible server of the built-in model.

    Its address and key are known before it runs and stay the same when it is started again: a
    bound socket that never listens keeps the port from being given to somebody else meanwhile.
    Only the process that could listen there is taken for ours, because it says so itself.
    """

    name = "model"

    def __init__(
        self,
        folder: DataFolder,
        *,
        output: int,
        threads: int = 0,
        port: int = 0,
        weights: Path | None = None,
        sha256: str = SHA256,
    ) -> None:
        self._folder = folder
        self._output = output
        self._threads = threads or default_threads()
        self._weights = weights
        self._sha256 = sha256
        self._work = folder.part("model")
        self._kept_port = _keep(port)
        self._child: ChildProcess | None = None
        self.api_key = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The base URL of its OpenAI-compatible API."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def pid(self) -> int | None:
        """The number of the server's process."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the server and return when the model answers.

        Raises:
            EmbeddedPartFailed: it did not come up.
        """
        await end_processes_in(self._work, STOPPING)
        heard, report = os.pipe()
        try:
            try:
                self._child = self._launch(report)
            finally:
                os.close(report)
            answer = await _hear(heard)
        finally:
            os.close(heard)
        if answer != "ready":
            await self._child.stop(STOPPING)
            raise EmbeddedPartFailed(
                f"the built-in model is not served ({answer or 'no word'}): read the end of "
                f"{self._folder.logs / 'model.log'}, or give another server's URL in "
                "DIFY_HEX_MODEL_URL"
            )

    async def exited(self) -> int:
        """Wait until the server has ended, and return its exit status."""
        return await self._child.wait() if self._child else 0

    async def stop(self) -> None:
        """End the server and let go of its port."""
        if self._child is not None:
            await self._child.stop(STOPPING)
        self._kept_port.close()

    @property
    def _port(self) -> int:
        return int(self._kept_port.getsockname()[1])

    def _launch(self, report: int) -> ChildProcess:
        user = self._folder.user
        told = Instructions(
            weights=os.fspath(self._weights or binaries.model_weights()),
            sha256=self._sha256,
            alias=ALIAS,
            port=self._port,
            api_key=self.api_key,
            threads=self._threads,
            report=report,
            parent=os.getpid(),
            uid=user.uid if user else None,
            gid=user.gid if user else None,
        )
        return Launch(
            command=[sys.executable, "-P", "-m", "dify_hex.adapters.embedded.model_host"],
            folder=self._work,
            output=self._output,
            environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            death_signal=signal.SIGKILL,
            keep_open=[report],
            input=json.dumps(asdict(told)).encode(),
        ).start()


def _keep(port: int) -> socket.socket:
    kept = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Both this socket and the server's must allow it for the server to listen on the same port.
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        kept.bind(("127.0.0.1", port))
    except OSError as error:
        kept.close()
        raise EmbeddedPartFailed(f"port {port} for the model is taken: {error.strerror}") from error
    return kept


async def _hear(descriptor: int) -> str:
    """What the child says before it closes its end; it also closes it by dying."""
    loop = asyncio.get_running_loop()
    words: asyncio.Queue[bytes] = asyncio.Queue()
    loop.add_reader(descriptor, lambda: words.put_nowait(os.read(descriptor, 4096)))
    text = b""
    try:
        async with asyncio.timeout(START_LIMIT):
            while word := await words.get():
                text += word
    except TimeoutError:
        return f"not ready within {START_LIMIT:.0f} s"
    finally:
        loop.remove_reader(descriptor)
    return text.decode(errors="replace")
