"""Transactions that see the rows of their tenants only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import MappingProxyType
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from dify_hex.adapters.persistence.doubt import ask_until_known
from dify_hex.adapters.persistence.engine import CHECKOUT_TIMEOUT
from dify_hex.adapters.persistence.errors import DRIVER_ERRORS, translated, translating
from dify_hex.adapters.persistence.tracker import Trace
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId

#: Seconds; beginning and rolling back wait for nobody, so a server that is slower is away.
BEGIN_TIMEOUT = 3.0

_IS_ALIVE = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :backend)")

#: Settings of the server for one transaction, by name.
Settings = Mapping[str, str]
NO_SETTINGS: Settings = MappingProxyType({})

#: Opens a read-only transaction of one tenant, for readers: `async with reads(tenant_id) as db: …`.
Reads = Callable[[TenantId], AbstractAsyncContextManager[AsyncConnection]]


def begin_statement(
    tenants: Iterable[TenantId], *, read_only: bool = False, settings: Settings = NO_SETTINGS
) -> str:
    """Begins a transaction and names its tenants, in one trip to the server.

    The tenants are UUIDs and settings are the code's own, so their text can be part of the
    statement.
    """
    mode = " READ ONLY" if read_only else ""
    named = ",".join(map(str, tenants))
    return f"BEGIN{mode}; {settings_statement({'app.tenants': named, **settings})}"


def settings_statement(settings: Settings) -> str:
    """Lets the settings count until the transaction ends."""
    set_all = (f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    return f"SELECT {', '.join(set_all)}"


async def driver_connection(session: AsyncSession) -> asyncpg.Connection:
    """The bare connection of a session that is in a transaction."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection


class TransactionAborted(Exception):
    """A failed statement was passed over, and nothing of its transaction was kept."""


def _nothing() -> None:
    """No trace that could be looked for."""


class TenantTransaction:
    """One transaction on one connection of an engine in autocommit.

    It is begun with `begin`, and must be left with `close`, which rolls back unless it was
    committed. A connection never returns to its pool inside a transaction.
    """

    def __init__(self, engine: AsyncEngine, *tenants: TenantId, read_only: bool = False) -> None:
        self._engine = engine
        self._tenants = tenants
        self._begin = begin_statement(tenants, read_only=read_only)
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    async def begin(self) -> AsyncConnection:
        """Take a connection and begin."""
        try:
            connection = self._connection = await self._engine.connect()
        except InvalidRequestError as error:
            # Connections that broke as soon as they stood: the pool has had enough of it.
            raise ConnectionError("the server hangs up on everybody") from error
        try:
            raw = await connection.get_raw_connection()
            self._driver = raw.driver_connection
            await self._driver.execute(self._begin, timeout=BEGIN_TIMEOUT)
        except BaseException:
            if self._driver is not None:
                # Whether the server has begun is not known, so nobody may use this one again.
                self._driver.terminate()
            await self.close()
            raise
        return connection

    async def end(self, trace: Callable[[], Trace | None] = _nothing) -> None:
        """Make it permanent; the transaction is over afterwards, whatever happened.

        A server that dies may have committed all the same. When it is back, it is asked for the
        `trace` that this has left.

        Raises:
            TransactionAborted: a statement had failed before, so the server rolled back instead.
        """
        try:
            if await self._driver.execute("COMMIT") != "COMMIT":
                raise TransactionAborted
        except DRIVER_ERRORS as error:
            left = trace() if isinstance(translated(error), Unavailable) else None
            if left is None or not await self._has_left(left):
                raise

    async def _has_left(self, trace: Trace) -> bool:
        """Whether this was committed, found out on another connection."""
        backend = self._driver.get_server_pid()
        self._driver.terminate()
        await self.close()

        async def ask() -> bool | None:
            with translating():
                return await self._find(trace, backend)

        return await ask_until_known(ask)

    async def _find(self, trace: Trace, backend: int) -> bool | None:
        """Whether there is a trace; None while the server still works for whom we have left."""
        looking = TenantTransaction(self._engine, *self._tenants, read_only=True)
        connection = await looking.begin()
        try:
            if await connection.scalar(_IS_ALIVE, {"backend": backend}):
                return None
            found = await connection.scalar(trace.query, trace.parameters)
            return found is not None
        finally:
            await looking.close()

    async def close(self) -> None:
        """Give the connection back, rolling back first when the transaction is still open."""
        connection, driver = self._connection, self._driver
        if connection is None:
            return
        self._connection = self._driver = None
        if driver is not None and (driver.is_closed() or driver.is_in_transaction()):
            # Not even a cancelled request may leave half a transaction behind.
            await asyncio.shield(self._roll_back(connection, driver))
        else:
            await connection.close()

    @staticmethod
    async def _roll_back(connection: AsyncConnection, driver: asyncpg.Connection) -> None:
        try:
            if not driver.is_closed():
                await driver.execute("ROLLBACK", timeout=BEGIN_TIMEOUT)
        except DRIVER_ERRORS:
            driver.terminate()
        if driver.is_closed():
            await connection.invalidate()
        await connection.close()


def tenant_reads(engine: AsyncEngine) -> Reads:
    """Read-only transactions on the engine; foreign errors leave them translated."""

    @asynccontextmanager
    async def reads(tenant_id: TenantId) -> AsyncIterator[AsyncConnection]:
        with translating():
            transaction = TenantTransaction(engine, tenant_id, read_only=True)
            connection = await transaction.begin()
            try:
                yield connection
                await transaction.end()
            finally:
                await transaction.close()

    return reads


@asynccontextmanager
async def tenant_connection(
    pool: asyncpg.Pool, *tenants: TenantId, settings: Settings = NO_SETTINGS
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction on a bare pool that sees the tenants' rows; commits unless the body raises.

    The settings end with it.

    Raises:
        Unavailable: the database is away, or no connection came free in time.
    """
    with translating():
        async with asyncio.timeout(CHECKOUT_TIMEOUT):
            connection = await pool.acquire()
        try:
            async with _transaction(connection, begin_statement(tenants, settings=settings)):
                yield connection
        finally:
            await pool.release(connection)


@asynccontextmanager
async def _transaction(connection: asyncpg.Connection, begin: str) -> AsyncIterator[None]:
    try:
        await connection.execute(begin, timeout=BEGIN_TIMEOUT)
    except BaseException:
        connection.terminate()
        raise
    try:
        yield
    except BaseException:
        await asyncio.shield(_abandon(connection))
        raise
    if await connection.execute("COMMIT") != "COMMIT":
        raise TransactionAborted


async def _abandon(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("ROLLBACK", timeout=BEGIN_TIMEOUT)
    except DRIVER_ERRORS:
        connection.terminate()
