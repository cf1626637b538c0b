"""PostgreSQL and Valkey for tests: embedded ones, or those that the environment names."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import asyncpg

from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.postgres import FORGETFUL, DatabaseUrls, PostgresServer
from dify_hex.adapters.embedded.roles import RolePasswords
from dify_hex.adapters.embedded.valkey import ValkeyServer
from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.bootstrap.database_preparation import prepare_database
from dify_hex.bootstrap.migrate import roll_back


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServers:
    """Where the servers are; `superuser_url` may be absent on servers of somebody else."""

    database_url: str
    admin_url: str
    system_url: str
    redis_url: str
    superuser_url: str | None

    def variables(self) -> dict[str, str]:
        """What a process of the product has in its environment to use them."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_ADMIN_URL": self.admin_url,
            "DATABASE_SYSTEM_URL": self.system_url,
            "REDIS_URL": self.redis_url,
        }

    def with_database(self, name: str) -> "RunningServers":
        """The same logins on a database of another name, made when it is missing."""
        if self.superuser_url is None:
            raise LookupError("another database needs TEST_DATABASE_SUPERUSER_URL")
        passwords = RolePasswords(
            owner=_password(self.admin_url),
            application=_password(self.database_url),
            system=_password(self.system_url),
        )
        made = prepare_database(self.superuser_url, database=name, passwords=passwords)
        return replace(self, **_fields(asyncio.run(made)))


def are_given() -> bool:
    """Whether the environment names servers, so that none is to be started."""
    return bool(os.environ.get("REDIS_URL"))


@contextmanager
def start_servers(home: Path | None = None) -> Iterator[RunningServers]:
    """Run both servers in a folder of their own, which is removed afterwards, or borrow others.

    Servers named by DATABASE_URL, DATABASE_ADMIN_URL, DATABASE_SYSTEM_URL and REDIS_URL are used as
    they are. With TEST_DATABASE_SUPERUSER_URL and REDIS_URL the database is made there instead.
    """
    if are_given():
        yield _borrowed()
        return
    # A folder of pytest's is closed to the user that servers run as when we are root.
    place = home or Path(tempfile.mkdtemp(prefix="dify-hex-test-"))
    place.mkdir(parents=True, exist_ok=True)
    if home is None:
        place.chmod(0o711)
    folder = DataFolder.open(place)
    log = os.open(folder.logs / "servers.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    postgres = PostgresServer(folder, output=log, settings=FORGETFUL)
    valkey = ValkeyServer(folder, output=log)
    try:
        asyncio.run(_together(postgres.start(), valkey.start()))
        yield RunningServers(redis_url=valkey.url, **_fields(postgres.urls))
    finally:
        asyncio.run(_together(postgres.stop(), valkey.stop()))
        os.close(log)
        if home is None:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def own_database(servers: RunningServers) -> Iterator[RunningServers]:
    """A database that nobody else uses, or the given one, emptied, when no other may be made.

    Redis is shared: its keys carry ids that no two databases have in common.
    """
    if servers.superuser_url is None:
        asyncio.run(roll_back(servers.admin_url, "base"))
        yield servers
        return
    name = f"dify_hex_{uuid4().hex[:12]}"
    yield servers.with_database(name)
    asyncio.run(_drop(servers.superuser_url, name))


def _borrowed() -> RunningServers:
    environment = os.environ
    superuser = environment.get("TEST_DATABASE_SUPERUSER_URL")
    if superuser:
        urls = asyncio.run(prepare_database(superuser, database="dify_hex_test"))
        return RunningServers(redis_url=environment["REDIS_URL"], **_fields(urls))
    return RunningServers(
        database_url=environment["DATABASE_URL"],
        admin_url=environment["DATABASE_ADMIN_URL"],
        system_url=environment["DATABASE_SYSTEM_URL"],
        redis_url=environment["REDIS_URL"],
        superuser_url=None,
    )


def _fields(urls: DatabaseUrls) -> dict[str, str]:
    return {
        "database_url": urls.application,
        "admin_url": urls.owner,
        "system_url": urls.system,
        "superuser_url": urls.superuser,
    }


async def _drop(superuser_url: str, name: str) -> None:
    connection = await asyncpg.connect(driver_dsn(superuser_url))
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


def _password(url: str) -> str:
    return unquote(urlsplit(url).password or "")


async def _together(*tasks: Coroutine[None, None, None]) -> None:
    await asyncio.gather(*tasks)
