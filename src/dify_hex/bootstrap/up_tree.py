"""The processes of `dify-hex up`, in the order in which they start and the reverse."""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from functools import partial

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.embedding_server import EmbeddingServer
from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.adapters.embedded.model_server import ModelServer
from dify_hex.adapters.embedded.parts_file import PartsFile
from dify_hex.adapters.embedded.postgres import PostgresServer
from dify_hex.adapters.embedded.processes import Child, end_processes
from dify_hex.adapters.embedded.valkey import ValkeyServer
from dify_hex.adapters.embedded.zygote_process import ZygoteProcess
from dify_hex.bootstrap.child_output import ChildOutput
from dify_hex.bootstrap.memory import giving_memory_back
from dify_hex.bootstrap.service_process import (
    COMMANDS,
    Command,
    Probe,
    ServiceProcess,
    is_ready,
    launch,
)
from dify_hex.bootstrap.supervision import Began, Keeper, Notice, Process
from dify_hex.bootstrap.up_options import UpOptions, child_environment, sandbox_environment
from dify_hex.bootstrap.up_screen import Screen

#: Seconds that processes of a killed predecessor get to end.
_LEFTOVERS_GRACE = 5.0
#: Seconds that the sandbox gets to end; what it runs ends with it.
_SANDBOX_GRACE = 3.0
#: Seconds after which a start that goes on says so.
_LONG_START = 20.0
#: Seconds that the command for the first owner's link may take.
_LINK_LIMIT = 20.0


class StartFailed(RuntimeError):
    """Something ended while everything was starting; `lines` are its last words."""

    def __init__(self, message: str, lines: list[str]) -> None:
        self.lines = lines
        super().__init__(message)


class ProcessTree:
    """Everything that one data folder runs, each part kept running by a keeper of its own."""

    def __init__(
        self, options: UpOptions, screen: Screen, commands: Mapping[str, Command] = COMMANDS
    ) -> None:
        """Take the data folder.

        Raises:
            HomeInUse, EmbeddedPartFailed: it is in use, or cannot be used.
        """
        self._options = options
        self._screen = screen
        self._commands = commands
        self._folder = DataFolder.open(options.home)
        self._lock = self._folder.lock()
        self._parts_file = PartsFile(self._folder)
        self._outputs: dict[str, ChildOutput] = {}
        self._parts: list[Keeper] = []
        self._services: list[Keeper] = []
        self._urls: dict[str, str] = {}

    async def start(self) -> None:
        """Start everything and return when the API is ready; the model may still be loading.

        Raises:
            EmbeddedPartFailed, StartFailed: something needed did not start.
        """
        await end_processes(self._parts_file.running, ((signal.SIGTERM, _LEFTOVERS_GRACE),))
        self._refuse_taken_port()
        await self._prepare()
        await self._start_services()
        has_demo_model = not self._options.has_model
        self._screen.ready(self._options.url, self._folder.logs, demo_model=has_demo_model)
        await self._print_first_steps()
        self._screen.closing()

    async def stop(self) -> None:
        """End the services, then what they stand on."""
        for group in (self._services, self._parts):
            await asyncio.gather(*(keeper.stop() for keeper in group))
        self._parts_file.remove()
        for output in self._outputs.values():
            output.close()
        os.close(self._lock)

    async def _prepare(self) -> None:
        """Load what serves while that comes up which it stands on."""
        environment = giving_memory_back(self._environment())
        self._zygote = ZygoteProcess(
            self._commands["zygote"], output=self._output("zygote"), environment=environment
        )
        try:
            async with asyncio.TaskGroup() as preparing:
                preparing.create_task(self._load())
                preparing.create_task(self._start_parts_and_migrate())
        except* (EmbeddedPartFailed, StartFailed) as failures:
            raise failures.exceptions[0] from None

    async def _load(self) -> None:
        try:
            await self._kept(self._zygote, self._parts).start()
        except EmbeddedPartFailed as error:
            raise StartFailed(f"the services: {error}", await self._last_words("zygote")) from error

    async def _start_parts_and_migrate(self) -> None:
        await self._start_parts()
        await self._migrate()

    async def _start_parts(self) -> None:
        needed: list[Keeper] = []
        if not self._options.has_database:
            postgres = PostgresServer(self._folder, output=self._output("postgres"))
            urls = postgres.urls
            self._urls |= {
                "database_url": urls.application,
                "database_admin_url": urls.owner,
                "database_system_url": urls.system,
            }
            needed.append(self._kept(postgres, self._parts))
        if not self._options.has_redis:
            valkey = ValkeyServer(self._folder, output=self._output("valkey"))
            self._urls["redis_url"] = valkey.url
            needed.append(self._kept(valkey, self._parts))
        if not self._options.has_model:
            self._start_model()
        if not self._options.has_embedding:
            self._start_embedding()
        if not self._options.has_sandbox:
            self._start_sandbox()
        try:
            async with asyncio.TaskGroup() as starting:
                for keeper in needed:
                    starting.create_task(keeper.start())
        except* EmbeddedPartFailed as failures:
            raise failures.exceptions[0] from None
        self._write_parts()

    def _start_model(self) -> None:
        model = ModelServer(
            self._folder, output=self._output("model"), threads=self._options.model_threads
        )
        self._urls |= {"model_url": model.url, "model_api_key": model.api_key}
        # Everything but the model's own answers works without it.
        self._kept(model, self._parts).start_soon()

    def _start_embedding(self) -> None:
        threads = self._options.embedding_threads
        embedding = EmbeddingServer(self._folder, output=self._output("embedding"), threads=threads)
        self._urls |= {"embedding_url": embedding.url, "embedding_api_key": embedding.api_key}
        # Nothing but an open socket until somebody has a text embedded.
        self._kept(embedding, self._parts).start_soon()

    def _start_sandbox(self) -> None:
        path = self._folder.sockets("sb", ours=True) / "sandbox.sock"
        address = f"unix://{path}"
        self._urls["sandbox_url"] = address
        environment = sandbox_environment(self._folder.home, address)

        async def begin() -> Child:
            return launch(self._commands["sandbox"], self._output("sandbox"), environment)

        sandbox = ServiceProcess("sandbox", begin, grace=_SANDBOX_GRACE)
        # Runs that need no code do not wait for it.
        self._kept(sandbox, self._parts).start_soon()

    async def _migrate(self) -> None:
        began = asyncio.get_running_loop().time()
        child = launch(self._commands["migrate"], self._output("migrate"), self._environment())
        try:
            status = await child.wait()
        except asyncio.CancelledError:
            await child.stop(((signal.SIGTERM, self._options.shutdown_grace),))
            raise
        if status:
            raise StartFailed(
                f"the migrations ended with status {status}", await self._last_words("migrate")
            )
        seconds = asyncio.get_running_loop().time() - began
        self._screen.notice(Began(name="migrate", seconds=seconds))

    async def _start_services(self) -> None:
        probe = partial(is_ready, self._options.host, self._options.port)
        api, worker = self._service("api", probe), self._service("worker")
        hint = asyncio.get_running_loop().call_later(_LONG_START, self._say_long_start)
        try:
            await self._kept(api, self._services).start()
        except EmbeddedPartFailed as error:
            raise StartFailed(f"the API {error}", await self._last_words("api")) from error
        finally:
            hint.cancel()
        await self._kept(worker, self._services).start()
        self._write_parts()

    def _service(self, name: str, probe: Probe | None = None) -> ServiceProcess:
        return ServiceProcess(
            name,
            partial(self._zygote.fork, name, self._output(name)),
            # The process has the grace for itself; a little more lets it say good-bye.
            grace=self._options.shutdown_grace + 5,
            ready=probe,
        )

    async def _print_first_steps(self) -> None:
        """Show the one-time link, when the command that knows of it has one."""
        heard, said = os.pipe()
        try:
            try:
                child = launch(self._commands["setup-link"], said, self._environment())
            finally:
                os.close(said)
            if await child.ends_within(_LINK_LIMIT) == 0:
                # The link is a secret for a day: it goes to the terminal and to no file.
                words = os.read(heard, 1 << 16).decode(errors="replace").split()
                self._screen.first_steps(*(word for word in words if "://" in word))
        finally:
            os.close(heard)

    def _kept(self, process: Process, group: list[Keeper]) -> Keeper:
        keeper = Keeper(process, self._notice)
        group.append(keeper)
        return keeper

    def _notice(self, notice: Notice) -> None:
        self._screen.notice(notice)
        if isinstance(notice, Began):
            self._write_parts()

    def _write_parts(self) -> None:
        processes = [keeper.process for keeper in (*self._parts, *self._services)]
        pids = {process.name: process.pid for process in processes if process.pid is not None}
        self._parts_file.write(self._urls, pids)

    def _output(self, name: str) -> int:
        if name not in self._outputs:
            output = ChildOutput(name, self._folder.logs, self._screen.echo)
            output.listen()
            self._outputs[name] = output
        return self._outputs[name].descriptor

    async def _last_words(self, name: str) -> list[str]:
        # The pipe may hold more than was read so far.
        await asyncio.sleep(0.1)
        return list(self._outputs[name].last_lines)

    def _environment(self) -> dict[str, str]:
        return child_environment(self._options, self._folder.home)

    def _say_long_start(self) -> None:
        self._screen.note(f"the API is not ready yet: read {self._folder.logs / 'api.log'}")

    def _refuse_taken_port(self) -> None:
        host, port = self._options.bind, self._options.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise EmbeddedPartFailed(
                    f"the API cannot listen on {host} port {port} ({error.strerror}): choose "
                    "another with DIFY_HEX_BIND or DIFY_HEX_PORT"
                ) from error
