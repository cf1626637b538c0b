"""uvicorn with an orderly end: runs first, then streams, then connections."""

import asyncio
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from dify_hex.bootstrap.settings import ServerSettings
from dify_hex.entrypoints.http.protocol import BoundedHttpProtocol

#: Seconds that answers under way get after the runs have ended or been released.
_ANSWERS_TIMEOUT = 5
_BACKLOG = 4096


class Server(uvicorn.Server):
    """Told to stop, it stops accepting, calls `before_stop`, and only then ends connections."""

    def __init__(self, config: uvicorn.Config, before_stop: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._before_stop = before_stop

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let the runs come to their end, close the rest."""
        for server in self.servers:
            server.close()
        await self._before_stop()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT through the event loop, so that being told to stop exits 0."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


def make_server(
    app: ASGIApp, settings: ServerSettings, before_stop: Callable[[], Awaitable[None]]
) -> Server:
    """A server for the application; logs go where all logs go, proxies are our own business."""
    config = uvicorn.Config(
        app,
        host=settings.bind,
        port=settings.port,
        loop="uvloop",
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=_ANSWERS_TIMEOUT,
    )
    return Server(config, before_stop)
