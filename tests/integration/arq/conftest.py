"""Jobs whose queues nobody else uses."""

from uuid import uuid4

import asyncpg
import pytest
from redis.asyncio import Redis

from dify_hex.domain.shared.ids import TenantId
from tests.fakes.servers import RunningServers
from tests.migrations.rows import seeing_rows


@pytest.fixture(autouse=True)
async def nothing_waits(owner: asyncpg.Connection, database: RunningServers) -> None:
    """Neither rows nor invitations are left over from another test."""
    for table in ("tasks", "schedules"):
        async with seeing_rows(owner, table):
            await owner.execute(f"DELETE FROM {table}")
    async with Redis.from_url(database.redis_url) as redis:
        for pattern in ("arq:*", "dify_hex:jobs:*"):
            async for key in redis.scan_iter(pattern):
                await redis.delete(key)


@pytest.fixture
def tenant_id() -> TenantId:
    """A tenant that nobody else uses."""
    return TenantId(uuid4())


@pytest.fixture
def other_tenant_id() -> TenantId:
    """Another tenant."""
    return TenantId(uuid4())
