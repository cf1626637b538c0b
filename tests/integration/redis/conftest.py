"""A Valkey of these tests' own, and two processes that share it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from tests.fakes.valkey_server import ValkeyServer


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[ValkeyServer]:
    """A server that the test may kill."""
    server = ValkeyServer(tmp_path / "valkey")
    await server.start()
    yield server
    server.kill()


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncIterator[str]:
    """The server that the environment names, else one of the test's own."""
    given = os.environ.get("REDIS_URL")
    if given:
        yield given
        return
    server = ValkeyServer(tmp_path / "valkey", appendfsync="no")
    await server.start()
    yield server.url
    server.kill()


@asynccontextmanager
async def process(url: str, name: str) -> AsyncIterator[RedisRunEventStream]:
    """One process's event stream."""
    async with (
        Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client,
        RedisRunEventStream(client, process=name) as stream,
    ):
        yield stream


@pytest.fixture
async def here(redis_url: str) -> AsyncIterator[RedisRunEventStream]:
    async with process(redis_url, "here") as stream:
        yield stream


@pytest.fixture
async def there(redis_url: str) -> AsyncIterator[RedisRunEventStream]:
    async with process(redis_url, "there") as stream:
        yield stream
