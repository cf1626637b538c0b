"""However many runs a process follows, it reads them together."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from dify_hex.adapters.redis.entry_batches import BatchDecoder
from dify_hex.adapters.redis.run_event_feed import RunEventFeed
from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from dify_hex.adapters.redis.run_tail import RunTail
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from tests.conformance.run_event_stream import lease_of, read, row


async def test_all_runs_that_are_followed_share_one_connection(
    redis_url: str, here: RedisRunEventStream, there: RedisRunEventStream
) -> None:
    leases = [lease_of(TenantId(uuid4()), WorkflowRunId(uuid4())) for _ in range(50)]
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Redis.from_url(redis_url))
        before = len(await client.client_list())
        readers = [
            await stack.enter_async_context(there.subscribe(lease.tenant_id, lease.run_id))
            for lease in leases
        ]
        for lease in leases:
            here.open(lease).write([row(1)])

        seen = await asyncio.gather(*(read(reader, row(1)) for reader in readers))

        assert seen == [[row(1)]] * len(leases)
        # One that reads streams, one that tells who reads, the pool's; and the writer's own.
        assert len(await client.client_list()) - before <= 4


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def feed(client: Redis) -> AsyncIterator[RunEventFeed]:
    """A feed that runs by itself."""
    feed = RunEventFeed(client)
    task = asyncio.create_task(feed.run())
    yield feed
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_reader_that_leaves_at_once_does_not_make_redis_look_away(
    feed: RunEventFeed,
) -> None:
    brief, lasting = _tail(), _tail()
    feed.add(brief, b"0-0", BatchDecoder())
    feed.remove(brief)
    await asyncio.sleep(0.2)

    feed.add(lasting, b"0-0", BatchDecoder())

    assert lasting.away_since is None


async def test_redis_is_back_once_it_answers_on_the_same_connection(
    feed: RunEventFeed, client: Redis
) -> None:
    tail = _tail()
    await client.set(tail.events_key, "not a stream", px=10_000)
    feed.add(tail, b"0-0", BatchDecoder())
    await _until(lambda: tail.away_since is not None)

    await client.delete(tail.events_key)

    await _until(lambda: tail.away_since is None)


def _tail() -> RunTail:
    return RunTail(TenantId(uuid4()), WorkflowRunId(uuid4()))


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - nothing tells when it holds
            await asyncio.sleep(0.01)
