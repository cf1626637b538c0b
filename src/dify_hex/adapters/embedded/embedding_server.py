"""The built-in embedding model as a child process that runs only while somebody needs it."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from dataclasses import asdict

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.embedding_protocol import Instructions
from dify_hex.adapters.embedded.processes import (
    ChildProcess,
    Escalation,
    Launch,
    end_processes_in,
)

STOPPING: Escalation = ((signal.SIGTERM, 1.0),)
#: Seconds without a request after which the model is let go of, with the 160 MB that it takes.
IDLE_SECONDS = 600.0
_BACKLOG = 128
#: What a shell says of such a command.
_CANNOT_BE_STARTED = 127


class EmbeddingServer:
    """Serves the built-in embedding model over OpenAI's protocol.

    We listen, the child accepts: whoever connects while there is none is kept in the socket's
    queue and makes it start, so that a server that is never asked costs a descriptor. Address and
    key stay the same as long as we live.
    """

    name = "embedding"

    def __init__(
        self,
        folder: DataFolder,
        *,
        output: int,
        threads: int = 0,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._folder = folder
        self._output = output
        self._threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        self._idle_seconds = idle_seconds
        self._work = folder.part("embedding")
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._child: ChildProcess | None = None
        self.api_key = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The base URL of its OpenAI-compatible API."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    @property
    def pid(self) -> int | None:
        """The number of the process, while there is one."""
        return self._child.pid if self._child is not None and self._child.is_running else None

    async def start(self) -> None:
        """Be ready to start the process; it is when somebody connects."""
        await end_processes_in(self._work, STOPPING)

    async def exited(self) -> int:
        """Serve whoever comes, again and again; returns the status of a process that failed."""
        while True:
            await self._somebody()
            try:
                self._child = self._launch()
            except OSError:
                return _CANNOT_BE_STARTED
            status = await self._child.wait()
            if status:
                return status

    async def stop(self) -> None:
        """End the process, and listen no more."""
        if self._child is not None:
            await self._child.stop(STOPPING)
        self._socket.close()

    async def _somebody(self) -> None:
        """Wait until a connection is in the queue; it is left there."""
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        loop.add_reader(self._socket, came.set)
        try:
            await came.wait()
        finally:
            loop.remove_reader(self._socket)

    def _launch(self) -> ChildProcess:
        user = self._folder.user
        told = Instructions(
            listen=self._socket.fileno(),
            api_key=self.api_key,
            idle_seconds=self._idle_seconds,
            threads=self._threads,
            parent=os.getpid(),
            uid=user.uid if user else None,
            gid=user.gid if user else None,
        )
        return Launch(
            command=[sys.executable, "-P", "-m", "dify_hex.adapters.embedded.embedding_host"],
            folder=self._work,
            output=self._output,
            environment={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            death_signal=signal.SIGKILL,
            keep_open=[told.listen],
            input=json.dumps(asdict(told)).encode(),
        ).start()
