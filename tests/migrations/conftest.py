"""A connection that may move the schema of an empty database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from dify_hex.adapters.persistence.engine import driver_dsn
from tests.fakes.servers import RunningServers


@pytest.fixture
async def owner(empty_database: RunningServers) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the role that owns the tables."""
    connection = await asyncpg.connect(driver_dsn(empty_database.admin_url))
    yield connection
    await connection.close()
