"""A statement that takes too long is ended by the server, which says so and takes it back."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.engine import PoolSettings, connect
from dify_hex.adapters.persistence.errors import StatementTimedOut
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.domain.shared.ids import TenantId
from tests.fakes.servers import RunningServers


async def test_whoever_asks_is_told_that_it_took_too_long(
    engine: AsyncEngine, tenant_id: TenantId
) -> None:
    reads = tenant_reads(engine)

    async def wait_for_long() -> None:
        async with reads(tenant_id) as db:
            await db.execute(text("SET LOCAL statement_timeout = 50"))
            await db.execute(text("SELECT pg_sleep(60)"))

    with pytest.raises(StatementTimedOut):
        await wait_for_long()
    async with reads(tenant_id) as db:
        assert await db.scalar(text("SELECT 1")) == 1


async def test_the_server_ends_a_statement_before_it_counts_as_away(
    database: RunningServers,
) -> None:
    settings = PoolSettings(application_name="slow", command_timeout=5.0)
    connection: asyncpg.Connection = await connect(database.database_url, settings)
    try:
        assert await connection.fetchval("SHOW statement_timeout") == "4s"
    finally:
        await connection.close()
