"""Connections to PostgreSQL: the ORM's engine, and a bare pool for the paths that must be lean."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool

from dify_hex.adapters.persistence.idle_connections import close_when_idle

#: Seconds until a server that does not answer counts as away.
CONNECT_TIMEOUT = 3.0
COMMAND_TIMEOUT = 10.0
#: The part of it after which a server that is there ends a statement by itself, and says so.
STATEMENT_SHARE = 0.8
#: Seconds a request waits for a free connection before the process counts as full.
CHECKOUT_TIMEOUT = 3.0
#: Seconds after which a connection that nobody uses is closed: the server keeps 3 to 6 MB for each.
IDLE_TIMEOUT = 30.0
#: Seconds one statement of a migration may take.
PATIENCE = 3600.0
#: Statements kept prepared per connection; more than the application has.
PREPARED_STATEMENTS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSettings:
    """How many connections one process may hold to one login, and how they show on the server."""

    application_name: str
    size: int = 10
    command_timeout: float = COMMAND_TIMEOUT
    idle_timeout: float = IDLE_TIMEOUT


def driver_dsn(url: str) -> str:
    """The URL as the driver reads it: a SQLAlchemy dialect suffix is dropped."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def make_engine(url: str, settings: PoolSettings) -> AsyncEngine:
    """An engine whose connections are in autocommit; `TenantTransaction` begins and ends by itself.

    No connection is pinged before use. One that the server has closed is noticed at check-out for
    free, because the driver has seen its socket close, and is replaced there.
    """
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(connect, url, settings),
        isolation_level="AUTOCOMMIT",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=settings.size,
        max_overflow=0,
        pool_timeout=CHECKOUT_TIMEOUT,
        pool_use_lifo=True,
        json_serializer=_dump_json,
        json_deserializer=orjson.loads,
        query_cache_size=1000,
        connect_args={"prepared_statement_cache_size": PREPARED_STATEMENTS},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    close_when_idle(engine, settings.idle_timeout)
    return engine


def make_owner_engine(url: str) -> AsyncEngine:
    """An engine for migrations: ordinary transactions, one connection, patient with statements."""
    settings = PoolSettings(application_name="dify-hex migrate", command_timeout=PATIENCE)
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(connect, url, settings),
        poolclass=NullPool,
    )


def make_pool(url: str, settings: PoolSettings) -> asyncpg.Pool:
    """A bare driver pool, not opened yet: `await pool` connects, `await pool.close()` ends it.

    Its connections are not reset when they return. Whoever uses one leaves no session state on it,
    which `tenant_connection` sees to. JSON columns take and give text that is already encoded.
    """
    return asyncpg.create_pool(
        driver_dsn(url),
        min_size=0,
        max_size=settings.size,
        max_inactive_connection_lifetime=settings.idle_timeout,
        reset=_keep,
        **_options(settings),
    )


async def connect(url: str, settings: PoolSettings, **_: Any) -> asyncpg.Connection:
    """One connection of the driver, outside any pool."""
    return await asyncpg.connect(driver_dsn(url), **_options(settings))


def _options(settings: PoolSettings) -> dict[str, Any]:
    return {
        "timeout": CONNECT_TIMEOUT,
        "command_timeout": settings.command_timeout,
        "statement_cache_size": PREPARED_STATEMENTS,
        "server_settings": {
            "application_name": settings.application_name,
            "jit": "off",
            "timezone": "UTC",
            "statement_timeout": f"{settings.command_timeout * STATEMENT_SHARE:.3f}s",
            # A process that vanished without closing its socket must not hold locks for long.
            "idle_in_transaction_session_timeout": "30s",
        },
    }


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _dump_json(value: object) -> str:
    return orjson.dumps(value).decode()


async def _keep(_connection: object) -> None:
    """Nothing to undo."""
