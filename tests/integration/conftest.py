"""Connections of each role to the session's database."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.engine import PoolSettings, driver_dsn, make_engine, make_pool
from tests.fakes.servers import RunningServers

POOL = PoolSettings(application_name="tests", size=5)


@pytest.fixture
async def owner(database: RunningServers) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the role that owns the tables."""
    connection = await asyncpg.connect(driver_dsn(database.admin_url))
    yield connection
    await connection.close()


@pytest.fixture
async def engine(database: RunningServers) -> AsyncIterator[AsyncEngine]:
    """The application's engine."""
    engine = make_engine(database.database_url, POOL)
    yield engine
    await engine.dispose()


@pytest.fixture
async def pool(database: RunningServers) -> AsyncIterator[asyncpg.Pool]:
    """The application's bare pool."""
    async with make_pool(database.database_url, POOL) as opened:
        yield opened


@pytest.fixture
async def system_pool(database: RunningServers) -> AsyncIterator[asyncpg.Pool]:
    """The relay's and the scheduler's bare pool."""
    async with make_pool(database.system_url, POOL) as opened:
        yield opened
