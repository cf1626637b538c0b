"""PostgreSQL as a child process: made once, started on a unix socket, repaired after a crash."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from dify_hex.adapters.embedded import binaries, roles
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

SUPERUSER = "postgres"
PORT = 5432
#: Fast shutdown; then the one that leaves recovery to the next start.
STOPPING: Escalation = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0))
#: Replaying the journal of a database that crashed may take long; a dead server is seen at once.
START_LIMIT = 600.0
_STATUS_LINE = 7

#: One machine, no replica: little memory when idle, and every commit safe on the disk.
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "shared_buffers": "128MB",
        "max_connections": "100",
        "jit": "off",
        "io_method": "sync",
        "random_page_cost": "1.1",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_logical_replication_workers": "0",
        "max_wal_size": "1GB",
        "checkpoint_timeout": "10min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %u ",
        "log_checkpoints": "off",
        "cluster_name": "dify_hex",
    }
)

#: For data that nobody will miss: no commit waits for the disk.
FORGETFUL: Mapping[str, str] = MappingProxyType(
    {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseUrls:
    """Where the embedded database is, for each of its logins."""

    application: str
    owner: str
    system: str
    superuser: str


class PostgresServer:
    """The database of one data folder."""

    name = "postgres"

    def __init__(
        self, folder: DataFolder, *, output: int, settings: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._output = output
        self._settings = {**SETTINGS, **(settings or {})}
        self._durable = self._settings.get("fsync") != "off"
        self._data = folder.home / "postgres"
        self._sockets = folder.sockets("pg")
        self._credentials = Credentials.of(folder.credentials)
        self._child: ChildProcess | None = None

    @property
    def urls(self) -> DatabaseUrls:
        """The URLs, which stay the same from start to start."""
        secret = self._credentials
        return DatabaseUrls(
            application=self._url(roles.APPLICATION, secret.application),
            owner=self._url(roles.OWNER, secret.owner),
            system=self._url(roles.SYSTEM, secret.system),
            superuser=self._url(SUPERUSER, secret.superuser, database="postgres"),
        )

    @property
    def pid(self) -> int | None:
        """The number of the server's first process."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the server and return when it takes connections.

        Raises:
            EmbeddedPartFailed: it did not come up.
        """
        programs = binaries.postgres_programs(self._folder)
        await end_processes_in(self._data, STOPPING)
        if not (self._data / "PG_VERSION").exists():
            await self._create(programs)
        self._refuse_other_version(programs)
        self._forget_dead_server()
        self._child = self._launch(programs)
        await self._ready(self._child)
        await self._prepare()

    async def exited(self) -> int:
        """Wait until the server has ended, and return its exit status."""
        return await self._child.wait() if self._child else 0

    async def stop(self) -> None:
        """Shut the server down; connections are cut, commits are safe."""
        if self._child is not None:
            await self._child.stop(STOPPING)
            await end_processes_in(self._data, ())

    def _launch(self, programs: Path) -> ChildProcess:
        settings = {**self._settings, "unix_socket_directories": str(self._sockets)}
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return Launch(
            command=[programs / "postgres", "-D", self._data, "-p", str(PORT), *flags],
            folder=self._data,
            output=self._output,
            environment=_environment(),
            death_signal=signal.SIGINT,
            user=self._folder.user,
        ).start()

    async def _create(self, programs: Path) -> None:
        """Make the database cluster beside its place, so that half of one is never taken for it."""
        fresh = self._data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._folder.make_private(fresh)
        password = self._sockets / "password"
        write_private(password, self._credentials.superuser)
        give(password, self._folder.user)
        options: list[str | Path] = ["--username", SUPERUSER, "--pwfile", password]
        options += ["--auth", "scram-sha-256", "--encoding", "UTF8"]
        options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        if not self._durable:
            options.append("--no-sync")
        try:
            initdb = Launch(
                command=[programs / "initdb", "-D", fresh, *options],
                folder=fresh,
                output=self._output,
                environment=_environment(),
                death_signal=signal.SIGKILL,
                user=self._folder.user,
            ).start()
            if status := await initdb.wait():
                raise EmbeddedPartFailed(
                    f"the database could not be made (initdb ended with {status}): "
                    f"read the end of {self._folder.logs / 'postgres.log'}"
                )
        finally:
            password.unlink(missing_ok=True)
        if self._data.is_dir():
            self._data.rmdir()
        fresh.rename(self._data)

    def _refuse_other_version(self, programs: Path) -> None:
        stored = (self._data / "PG_VERSION").read_text().strip()
        answer = subprocess.run(
            [programs / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        ours = answer.stdout.split()[-1].partition(".")[0]
        if stored != ours:
            raise EmbeddedPartFailed(
                f"{self._data} was made by PostgreSQL {stored}, this release brings {ours}: "
                f"save it with `pg_dump` of {stored}, move the folder away, start, and restore"
            )

    def _forget_dead_server(self) -> None:
        """Remove what a killed server left behind; no process is in its folder any more.

        The server would wait for the number in its pid file, which may be somebody else's now.
        """
        for left in (
            self._data / "postmaster.pid",
            self._sockets / f".s.PGSQL.{PORT}",
            self._sockets / f".s.PGSQL.{PORT}.lock",
        ):
            left.unlink(missing_ok=True)

    async def _ready(self, child: ChildProcess) -> None:
        try:
            async with asyncio.timeout(START_LIMIT):
                while not self._is_ready(child):
                    if not child.is_running:
                        raise EmbeddedPartFailed(
                            f"the database ended while starting ({await child.wait()}): "
                            f"read the end of {self._folder.logs / 'postgres.log'}"
                        )
                    await asyncio.sleep(GLANCE)
        except TimeoutError as error:
            await child.stop(STOPPING)
            raise EmbeddedPartFailed(
                f"the database did not take connections within {START_LIMIT:.0f} s"
            ) from error

    def _is_ready(self, child: ChildProcess) -> bool:
        """Whether the pid file names our child and says that it is ready."""
        try:
            lines = (self._data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        is_ours = lines[0].strip() == str(child.pid)
        return is_ours and len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    async def _prepare(self) -> None:
        """Make database and roles as this release wants them, if that was not done already."""
        secret = self._credentials
        script = roles.preparation_script(
            roles.RolePasswords(
                owner=secret.owner, application=secret.application, system=secret.system
            )
        )
        mark = self._folder.home / "postgres.prepared"
        digest = hashlib.sha256(script.encode()).hexdigest()
        if mark.exists() and mark.read_text() == digest:
            return
        client = Launch(
            command=[
                *(binaries.postgres_client(), "-X", "-q", "-v", "ON_ERROR_STOP=1"),
                *("-h", self._sockets, "-p", str(PORT), "-U", SUPERUSER, "-d", "postgres"),
            ],
            folder=self._folder.run,
            output=self._output,
            environment={**_environment(), "PGPASSWORD": secret.superuser},
            death_signal=signal.SIGKILL,
            input=script.encode(),
        ).start()
        if status := await client.wait():
            raise EmbeddedPartFailed(
                f"the database's roles could not be made (psql ended with {status}): "
                f"read the end of {self._folder.logs / 'postgres.log'}"
            )
        write_private(mark, digest)

    def _url(self, user: str, password: str, database: str = roles.DATABASE) -> str:
        host = quote(os.fspath(self._sockets))
        return f"postgresql+asyncpg://{user}:{password}@/{database}?host={host}&port={PORT}"


def _environment() -> dict[str, str]:
    """Nothing of ours: no secret, and no PG… variable that would change what the server does."""
    return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
