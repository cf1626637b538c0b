"""Servers for the tests that need real ones: started once, when the first of those tests asks."""

import asyncio
from collections.abc import Iterator

import pytest

from dify_hex.bootstrap.migrate import migrate
from tests.fakes.servers import RunningServers, own_database, start_servers


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
