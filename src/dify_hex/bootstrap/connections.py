"""Clients of the servers that a process talks to; made closed, opened at first use."""

import asyncpg
from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.engine import PoolSettings as DatabasePool
from dify_hex.adapters.persistence.engine import make_engine, make_pool
from dify_hex.bootstrap.settings import PoolSettings

#: Seconds until a server that does not answer counts as away.
_CONNECT_TIMEOUT = 3.0
_HEALTH_CHECK_SECONDS = 30


def database_engine(url: SecretStr, connections: int, process: str) -> AsyncEngine:
    """The ORM's pool for one login; the server shows its connections under `process`."""
    return make_engine(
        url.get_secret_value(), DatabasePool(application_name=process, size=connections)
    )


def database_pool(url: SecretStr, connections: int, process: str) -> asyncpg.Pool:
    """The bare pool for one login; opened by the process's lifespan."""
    return make_pool(
        url.get_secret_value(), DatabasePool(application_name=process, size=connections)
    )


def redis_client(url: SecretStr, pool: PoolSettings) -> Redis:
    """One client per process; a caller waits for a free connection instead of opening more."""
    address = url.get_secret_value()
    # A unix socket's connection does not know the option.
    keep_alive = {} if address.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_pool(
        BlockingConnectionPool.from_url(
            address,
            max_connections=pool.redis_connections,
            timeout=pool.redis_timeout,
            socket_timeout=pool.redis_timeout,
            socket_connect_timeout=_CONNECT_TIMEOUT,
            health_check_interval=_HEALTH_CHECK_SECONDS,
            retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
            **keep_alive,
        )
    )
