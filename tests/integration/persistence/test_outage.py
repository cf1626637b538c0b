"""A database that goes away and comes back: errors that say so, quickly, and no restart of ours."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.engine import PoolSettings, make_engine, make_pool
from dify_hex.adapters.persistence.transactions import tenant_connection, tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId
from tests.fakes.cuttable_proxy import Address, CuttableProxy
from tests.fakes.servers import RunningServers

TENANT = TenantId(uuid4())
SETTINGS = PoolSettings(application_name="outage", size=3, command_timeout=1.0)
#: Seconds in which a caller must know, on a slow machine.
SOON = 8.0
#: What a backend says when its server was killed.
_GOODBYE = b"SFATAL\0VFATAL\0C57P02\0Mterminating connection\0\0"
GOODBYE = b"E" + (len(_GOODBYE) + 4).to_bytes(4, "big") + _GOODBYE


@pytest.fixture
async def proxy(database: RunningServers) -> AsyncIterator[CuttableProxy]:
    async with CuttableProxy(address_of(database.database_url)) as proxy:
        yield proxy


@pytest.fixture
async def cut_engine(database: RunningServers, proxy: CuttableProxy) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(url_through(database.database_url, proxy), SETTINGS)
    yield engine
    await engine.dispose()


def address_of(url: str) -> Address:
    parts = urlsplit(url)
    port = parts.port or 5432
    folder = parse_qs(parts.query).get("host", [None])[0]
    return Path(folder, f".s.PGSQL.{port}") if folder else (parts.hostname or "127.0.0.1", port)


def url_through(url: str, proxy: CuttableProxy) -> str:
    parts = urlsplit(url)
    login = f"{parts.username}:{parts.password}" if parts.password else f"{parts.username}"
    return f"postgresql://{login}@127.0.0.1:{proxy.port}{parts.path}"


async def commit_something(engine: AsyncEngine) -> None:
    async with SqlUnitOfWork(engine, TENANT) as work:
        await work.commit()


async def read_something(engine: AsyncEngine) -> None:
    async with tenant_reads(engine)(TENANT) as connection:
        await connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("call", [commit_something, read_something])
async def test_a_stopped_server_is_unavailable_at_once_and_back_without_a_restart(
    call: Callable[[AsyncEngine], Awaitable[None]], proxy: CuttableProxy, cut_engine: AsyncEngine
) -> None:
    await asyncio.gather(*[call(cut_engine) for _ in range(3)])
    await proxy.cut()
    for _ in range(3):
        begun = monotonic()
        with pytest.raises(Unavailable) as caught:
            await call(cut_engine)
        assert monotonic() - begun < SOON
        assert caught.value.details == {"dependency": "database"}
        assert caught.value.retry_after is not None
    await proxy.restore()
    # Not even the first request after the return pays for the dead connections of the pool.
    await asyncio.gather(*[call(cut_engine) for _ in range(3)])


async def test_a_silent_server_is_unavailable_soon_and_back_without_a_restart(
    proxy: CuttableProxy, cut_engine: AsyncEngine
) -> None:
    await commit_something(cut_engine)
    proxy.swallow()
    for _ in range(2):
        begun = monotonic()
        with pytest.raises(Unavailable):
            await commit_something(cut_engine)
        assert monotonic() - begun < SOON
    await proxy.restore()
    await asyncio.gather(*[commit_something(cut_engine) for _ in range(3)])


async def test_a_server_that_stops_in_the_middle_is_unavailable(
    proxy: CuttableProxy, cut_engine: AsyncEngine
) -> None:
    async def commit_into_the_void() -> None:
        async with SqlUnitOfWork(cut_engine, TENANT) as work:
            await proxy.cut()
            await work.commit()

    with pytest.raises(Unavailable):
        await commit_into_the_void()
    await proxy.restore()
    await commit_something(cut_engine)


async def be_parted_from(proxy: CuttableProxy) -> None:
    """The server says goodbye, and does not hang up; what happens next finds that out."""
    proxy.part(GOODBYE)
    await asyncio.sleep(0.05)


async def test_a_server_that_says_goodbye_while_something_is_committed_is_unavailable(
    proxy: CuttableProxy, cut_engine: AsyncEngine
) -> None:
    async def commit_after_the_end() -> None:
        async with SqlUnitOfWork(cut_engine, TENANT) as work:
            await be_parted_from(proxy)
            await work.commit()

    with pytest.raises(Unavailable):
        await commit_after_the_end()
    await proxy.restore()
    # All of the pool's places are free again.
    await asyncio.gather(*[commit_something(cut_engine) for _ in range(3)])


async def test_a_server_that_says_goodbye_while_something_is_read_is_unavailable(
    proxy: CuttableProxy, cut_engine: AsyncEngine
) -> None:
    async def read_after_the_end() -> None:
        async with tenant_reads(cut_engine)(TENANT) as connection:
            await be_parted_from(proxy)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(Unavailable):
        await read_after_the_end()
    await proxy.restore()
    await asyncio.gather(*[read_something(cut_engine) for _ in range(3)])


async def test_a_server_that_says_goodbye_to_the_bare_pool_is_unavailable(
    database: RunningServers, proxy: CuttableProxy
) -> None:
    async def ask(pool: asyncpg.Pool, *, parted: bool = False) -> None:
        async with tenant_connection(pool, TENANT) as connection:
            if parted:
                await be_parted_from(proxy)
            await connection.fetchval("SELECT 1")

    async with make_pool(url_through(database.database_url, proxy), SETTINGS) as pool:
        with pytest.raises(Unavailable):
            await ask(pool, parted=True)
        await proxy.restore()
        await asyncio.gather(*[ask(pool) for _ in range(3)])


async def test_a_server_that_hangs_up_on_everybody_at_once_is_unavailable(
    engine: AsyncEngine,
) -> None:
    def find_it_closed(*_: object) -> None:
        raise DisconnectionError

    event.listen(engine.sync_engine, "checkout", find_it_closed)
    with pytest.raises(Unavailable):
        await commit_something(engine)

    event.remove(engine.sync_engine, "checkout", find_it_closed)
    await commit_something(engine)


async def test_a_statement_over_its_time_is_unavailable(cut_engine: AsyncEngine) -> None:
    async def sleep() -> None:
        async with tenant_reads(cut_engine)(TENANT) as connection:
            await connection.execute(text("SELECT pg_sleep(20)"))

    with pytest.raises(Unavailable):
        await sleep()
    await read_something(cut_engine)


async def test_a_pool_with_no_connection_left_is_unavailable(cut_engine: AsyncEngine) -> None:
    async with (
        SqlUnitOfWork(cut_engine, TENANT),
        SqlUnitOfWork(cut_engine, TENANT),
        SqlUnitOfWork(cut_engine, TENANT),
    ):
        with pytest.raises(Unavailable):
            await commit_something(cut_engine)


async def test_a_bare_pool_with_no_connection_left_is_unavailable(
    database: RunningServers,
) -> None:
    async with AsyncExitStack() as held:
        pool = await held.enter_async_context(make_pool(database.database_url, SETTINGS))
        for _ in range(SETTINGS.size):
            await held.enter_async_context(tenant_connection(pool, TENANT))
        with pytest.raises(Unavailable):
            await held.enter_async_context(tenant_connection(pool, TENANT))


async def test_a_cancelled_caller_leaves_no_transaction_on_the_bare_pool(
    pool: asyncpg.Pool,
) -> None:
    async def stuck() -> None:
        async with tenant_connection(pool, TENANT) as connection:
            await connection.execute("SELECT pg_sleep(30)")

    for _ in range(8):
        task = asyncio.create_task(stuck())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    async with pool.acquire() as connection:
        assert not connection.is_in_transaction()


async def test_the_bare_pool_says_so_too_and_recovers(
    database: RunningServers, proxy: CuttableProxy
) -> None:
    async def ask(pool: asyncpg.Pool) -> int:
        async with tenant_connection(pool, TENANT) as connection:
            return int(await connection.fetchval("SELECT 1"))

    async with make_pool(url_through(database.database_url, proxy), SETTINGS) as pool:
        await ask(pool)
        await proxy.cut()
        with pytest.raises(Unavailable):
            await ask(pool)
        await proxy.restore()
        assert await ask(pool) == 1
