"""The whole API process on a thread of the test's own: real servers below, a real socket above."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from pydantic import SecretStr

from dify_hex.bootstrap.assembly import make_container
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.http import make_app
from dify_hex.bootstrap.server import Server, make_server
from dify_hex.bootstrap.settings import (
    LimitSettings,
    ModelSettings,
    PoolSettings,
    ServerSettings,
    Settings,
)
from tests.fakes.servers import RunningServers

T = TypeVar("T")

_START_LIMIT = 30.0
_PLENTY = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApi:
    """Where the API is, and a way into its process."""

    url: str
    container: Container
    document: dict[str, Any]
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the API's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


def settings_for(servers: RunningServers, home: Path, model_url: str) -> Settings:
    """Settings that leave nothing to the machine's environment, and limits that nobody reaches."""
    return Settings(
        home=home,
        database_url=SecretStr(servers.database_url),
        database_admin_url=SecretStr(servers.admin_url),
        database_system_url=SecretStr(servers.system_url),
        redis_url=SecretStr(servers.redis_url),
        server=ServerSettings(port=0, metrics_port=0, body_timeout=2, shutdown_grace=2),
        limit=LimitSettings(
            address_burst=_PLENTY,
            address_per_second=_PLENTY,
            sign_in_burst=_PLENTY,
            sign_in_per_second=_PLENTY,
            tenant_burst=_PLENTY,
            tenant_per_second=_PLENTY,
            caller_burst=_PLENTY,
            caller_per_second=_PLENTY,
        ),
        model=ModelSettings(url=model_url, name="scripted", private_addresses=True),
        pool=PoolSettings(database_connections=4, database_lean_connections=4),
    )


@contextmanager
def run_api(settings: Settings) -> Iterator[RunningApi]:
    """The API for as long as the block lasts; it ends as SIGTERM would end it."""
    started: list[RunningApi | BaseException] = []
    ready = threading.Event()
    servers: list[Server] = []

    async def serve() -> None:
        container = make_container(settings, "api")
        app = make_app(container)

        async def before_stop() -> None:
            app.state.streams.close()

        server = make_server(app, settings.server, before_stop)
        servers.append(server)
        serving = asyncio.create_task(server.serve())
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        if server.started:
            port = server.servers[0].sockets[0].getsockname()[1]
            started.append(
                RunningApi(
                    url=f"http://127.0.0.1:{port}",
                    container=container,
                    document=app.state.openapi(),
                    loop=asyncio.get_running_loop(),
                )
            )
        ready.set()
        await serving

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(serve())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            started.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="api", daemon=True)
    thread.start()
    if not ready.wait(_START_LIMIT) or not started:
        raise TimeoutError("the API did not start")
    found = started[0]
    if isinstance(found, BaseException):
        raise found
    try:
        yield found
    finally:
        servers[0].should_exit = True
        thread.join(_START_LIMIT)
