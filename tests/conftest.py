"""Servers for the tests that need real ones: started once, when the first of those tests asks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import asyncpg
import pytest

from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.bootstrap.migrate import migrate, roll_back
from tests.fakes.servers import RunningServers, start_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[RunningServers]:
    """PostgreSQL and Valkey, empty."""
    with start_servers() as running:
        yield running


@pytest.fixture(scope="session")
def database(servers: RunningServers) -> Iterator[RunningServers]:
    """The same servers, with a migrated database of this session's own."""
    with own_database(servers) as own:
        asyncio.run(migrate(own.admin_url))
        yield own


@pytest.fixture
def empty_database(servers: RunningServers) -> Iterator[RunningServers]:
    """The same servers, with a database that has its roles and no schema."""
    with own_database(servers) as own:
        yield own
        if own is servers:
            # There is only the one database that was given, and others need it.
            asyncio.run(migrate(own.admin_url))


@contextmanager
def own_database(servers: RunningServers) -> Iterator[RunningServers]:
    """A database that nobody else uses, or the given one when no other may be made."""
    if servers.superuser_url is None:
        asyncio.run(roll_back(servers.admin_url, "base"))
        yield servers
        return
    name = f"dify_hex_{uuid4().hex[:12]}"
    yield servers.with_database(name)
    asyncio.run(_drop(servers.superuser_url, name))


async def _drop(superuser_url: str, name: str) -> None:
    connection = await asyncpg.connect(driver_dsn(superuser_url))
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
