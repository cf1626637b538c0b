"""What is not used for a while is closed, and what is used is not."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.engine import PoolSettings, driver_dsn, make_engine, make_pool
from tests.fakes.servers import RunningServers

SECONDS = 0.2


@pytest.fixture
def settings() -> PoolSettings:
    return PoolSettings(application_name=f"idle {uuid4()}", size=5, idle_timeout=SECONDS)


@pytest.fixture
async def engine(database: RunningServers, settings: PoolSettings) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database.database_url, settings)
    yield engine
    await engine.dispose()


@pytest.fixture
async def server(database: RunningServers) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(driver_dsn(database.database_url))
    yield connection
    await connection.close()


async def all_are_closed(server: asyncpg.Connection, settings: PoolSettings) -> None:
    """Wait until the server has none of them left."""
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"
    async with asyncio.timeout(20):
        while await server.fetchval(count, settings.application_name):  # noqa: ASYNC110 - the server is asked
            await asyncio.sleep(0.02)


async def ask(engine: AsyncEngine, seconds: float = 0) -> int:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
        answer = await connection.execute(text("SELECT pg_backend_pid()"))
        return int(answer.scalar_one())


async def test_idle_connections_are_closed_and_replaced_when_there_is_need(
    engine: AsyncEngine, server: asyncpg.Connection, settings: PoolSettings
) -> None:
    before = set(await asyncio.gather(*[ask(engine, 0.05) for _ in range(4)]))
    assert len(before) > 1

    await all_are_closed(server, settings)

    assert await ask(engine) not in before


async def test_a_connection_in_use_stays_however_long_that_takes(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        first = await connection.execute(text("SELECT pg_backend_pid()"))
        await asyncio.sleep(4 * SECONDS)
        second = await connection.execute(text("SELECT pg_backend_pid()"))

        assert first.scalar_one() == second.scalar_one()


async def test_a_bare_pool_closes_what_is_idle(
    database: RunningServers, server: asyncpg.Connection, settings: PoolSettings
) -> None:
    async with make_pool(database.database_url, settings) as pool:
        await asyncio.gather(*[pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(4)])

        await all_are_closed(server, settings)

        assert await pool.fetchval("SELECT 1") == 1
