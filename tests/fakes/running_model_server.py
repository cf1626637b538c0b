"""The scripted model server on a thread of the test's own process."""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import uvicorn

from tests.fakes.model_script import Script
from tests.fakes.model_server import ModelServer, configuration_of
from tests.fakes.model_wire import Recorded

_START_LIMIT = 10.0


class RunningModelServer:
    """The server's address, what it was asked, and what it shall do."""

    def __init__(self, app: ModelServer, port: int) -> None:
        self._app = app
        self.port = port
        #: What an OpenAI client calls its base URL.
        self.url = f"http://127.0.0.1:{port}/v1"

    @property
    def requests(self) -> Sequence[Recorded]:
        """Everything asked since the last reset, oldest first."""
        return tuple(self._app.requests)

    def play(self, **options: object) -> None:
        """Script every request from now on."""
        self._app.script = Script().with_options(options)

    def reset(self) -> None:
        """Forget requests and script."""
        self._app.reset()

    async def until_ended(self, index: int = -1, limit: float = 5.0) -> Recorded:
        """The request once it is over; the last one unless told otherwise."""
        deadline = time.monotonic() + limit
        while not self._app.requests or self._app.requests[index].ended == "running":
            if time.monotonic() > deadline:
                raise TimeoutError("the model server's request did not end")
            await asyncio.sleep(0.01)
        return self._app.requests[index]


@contextmanager
def run_model_server() -> Iterator[RunningModelServer]:
    """The server for as long as the block lasts."""
    app = ModelServer()
    server = uvicorn.Server(configuration_of(app))
    thread = threading.Thread(target=server.run, name="model-server", daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_LIMIT
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise TimeoutError("the model server did not start")
        time.sleep(0.005)
    try:
        yield RunningModelServer(app, server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(_START_LIMIT)


@pytest.fixture(scope="session")
def _model_server() -> Iterator[RunningModelServer]:
    with run_model_server() as server:
        yield server


@pytest.fixture
def model_server(_model_server: RunningModelServer) -> RunningModelServer:
    """The scripted model server, well-behaved and with an empty memory."""
    _model_server.reset()
    return _model_server
