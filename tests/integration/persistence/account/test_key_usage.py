"""When keys were last used: written in batches, beside the requests."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.account.key_usage import SqlApiKeyUsage
from dify_hex.adapters.persistence.account.reader import SqlApiKeyReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.api_key import ApiKey
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import ApiKeyId
from tests.builders.account import LATER, NOW, a_key
from tests.builders.stored_identity import Begin, Stored

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def key(begin: Begin, stored: Stored) -> ApiKey:
    key = a_key(tenant_id=stored.tenant_id, secret=uuid4().hex)
    async with begin(stored.tenant_id) as work:
        work.api_keys.add(key)
        await work.commit()
    return key


@pytest.fixture
def usage(pool: asyncpg.Pool) -> SqlApiKeyUsage:
    return SqlApiKeyUsage(pool, flush_seconds=0.01)


async def last_use(engine: AsyncEngine, key: ApiKey) -> datetime | None:
    reader = SqlApiKeyReader(tenant_reads(engine))
    return (await reader.get_api_key(key.tenant_id, key.id)).last_used_at


async def test_a_use_is_stored_at_most_once_a_minute(
    usage: SqlApiKeyUsage, engine: AsyncEngine, key: ApiKey
) -> None:
    for now, expected in (
        (NOW, NOW),
        (NOW + MINUTE - SECOND, NOW),
        (NOW + MINUTE, NOW + MINUTE),
    ):
        usage.note(key.id, now=now)
        usage.note(ApiKeyId(new_id()), now=now)
        await usage.flush()
        assert await last_use(engine, key) == expected


async def test_an_older_use_told_by_another_process_changes_nothing(
    pool: asyncpg.Pool, engine: AsyncEngine, key: ApiKey
) -> None:
    for now in (LATER, NOW):
        process = SqlApiKeyUsage(pool)
        process.note(key.id, now=now)
        await process.flush()

    assert await last_use(engine, key) == LATER


async def test_uses_are_written_while_it_runs_and_once_more_when_it_ends(
    usage: SqlApiKeyUsage, engine: AsyncEngine, key: ApiKey
) -> None:
    running = asyncio.create_task(usage.run())
    usage.note(key.id, now=NOW)
    for _ in range(500):
        if await last_use(engine, key) == NOW:
            break
        await asyncio.sleep(0.01)

    usage.note(key.id, now=LATER)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert await last_use(engine, key) == LATER


async def test_a_lost_database_costs_notes_and_nothing_else(
    pool: asyncpg.Pool, usage: SqlApiKeyUsage, key: ApiKey
) -> None:
    await pool.close()
    running = asyncio.create_task(usage.run())
    usage.note(key.id, now=NOW)
    await asyncio.sleep(0.05)

    assert not running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    usage.note(key.id, now=LATER)
    with pytest.raises(Unavailable):
        await usage.flush()
