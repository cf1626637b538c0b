"""Servers for the tests that need real ones: started once, when the first of those tests asks."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from dify_hex.adapters.persistence.engine import driver_dsn
from dify_hex.bootstrap.migrate import migrate
from tests.fakes.servers import RunningServers, own_database, start_servers

#: What the server learns of tables with a handful of rows would change plans amid the tests.
_NO_AUTOVACUUM = """
DO $$
DECLARE place regclass;
BEGIN
    FOR place IN SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', place);
    END LOOP;
END $$
"""


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
        if own is not servers:
            asyncio.run(_leave_statistics_alone(own.admin_url))
        yield own


@pytest.fixture
def empty_database(servers: RunningServers) -> Iterator[RunningServers]:
    """The same servers, with a database that has its roles and no schema."""
    with own_database(servers) as own:
        yield own
        if own is servers:
            # There is only the one database that was given, and others need it.
            asyncio.run(migrate(own.admin_url))


async def _leave_statistics_alone(owner_url: str) -> None:
    connection = await asyncpg.connect(driver_dsn(owner_url))
    try:
        await connection.execute(_NO_AUTOVACUUM)
    finally:
        await connection.close()
