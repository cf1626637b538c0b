"""Valkey as a child: durable, closed to strangers, and up again after a crash."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from dify_hex.adapters.embedded import binaries
from dify_hex.adapters.embedded.data_folder import DataFolder
from dify_hex.adapters.embedded.valkey import ValkeyServer


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(url, decode_responses=True)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture
async def server(folder: DataFolder, output: int) -> AsyncIterator[ValkeyServer]:
    """A running server."""
    made = ValkeyServer(folder, output=output)
    await made.start()
    yield made
    await made.stop()


async def test_nothing_vanishes_by_itself(server: ValkeyServer) -> None:
    async with connected(server.url) as client:
        assert await client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert await client.config_get("appendonly") == {"appendonly": "yes"}


async def test_it_listens_on_no_port_and_asks_for_the_password(server: ValkeyServer) -> None:
    async with connected(server.url) as client:
        assert await client.config_get("port") == {"port": "0"}
    _, _, path = server.url.partition("@")
    async with connected(f"unix://{path}") as client:
        with pytest.raises(RedisConnectionError, match="Authentication required"):
            await client.get("anything")


@pytest.mark.kill
async def test_what_it_held_is_there_again_after_kill_9(server: ValkeyServer) -> None:
    async with connected(server.url) as client:
        await client.set("kept", "yes")
        await client.waitaof(1, 0, 2000)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    assert await server.exited() == -signal.SIGKILL
    await server.start()
    async with connected(server.url) as client:
        assert await client.get("kept") == "yes"


async def test_a_server_that_a_predecessor_left_running_is_ended_first(
    server: ValkeyServer, folder: DataFolder, output: int
) -> None:
    second = ValkeyServer(folder, output=output)
    await second.start()
    try:
        assert await server.exited() == 0
        async with connected(second.url) as client:
            assert await client.ping()
    finally:
        await second.stop()


async def test_a_program_in_a_closed_home_is_copied_out(
    folder: DataFolder, output: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_is_open", lambda folder, program: False)
    server = ValkeyServer(folder, output=output)
    await server.start()
    try:
        async with connected(server.url) as client:
            told = await client.info("server")
            assert str(told["executable"]).startswith(os.fspath(folder.home / "bin"))
    finally:
        await server.stop()
