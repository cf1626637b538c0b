"""The rate limiter on a real server: its promises, its keys, and how it fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from dify_hex.adapters.redis.rate_limiter import RedisRateLimiter
from dify_hex.domain.shared.errors import Unavailable
from tests.conformance.rate_limiter import RateLimiterConformance, a_bucket
from tests.fakes.valkey_server import ValkeyServer


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, socket_timeout=2) as client:
        yield client


class TestRedisRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def limiter(self, client: Redis) -> RedisRateLimiter:
        return RedisRateLimiter(client)

    @pytest.fixture
    def let_pass(self) -> Callable[[float], Awaitable[None]]:
        return asyncio.sleep


async def test_a_key_lives_exactly_until_its_bucket_is_full(client: Redis) -> None:
    prefix = f"test:{uuid4()}:"
    limiter = RedisRateLimiter(client, prefix=prefix)
    bucket = a_bucket(capacity=10, refill=2)

    allowance = await limiter.take(bucket, cost=4)

    lifetime = await client.pttl(prefix + bucket.name)
    assert lifetime / 1000 == pytest.approx(allowance.reset_after, abs=0.2)
    assert lifetime / 1000 == pytest.approx(2, abs=0.2)


async def test_a_bucket_that_is_only_looked_at_leaves_no_key(client: Redis) -> None:
    prefix = f"test:{uuid4()}:"
    limiter = RedisRateLimiter(client, prefix=prefix)
    bucket = a_bucket(capacity=1)

    assert (await limiter.take(bucket, cost=0)).remaining == 1

    assert not await client.exists(prefix + bucket.name)


async def test_a_server_that_forgot_the_script_is_told_again(client: Redis) -> None:
    limiter = RedisRateLimiter(client)
    await limiter.take(a_bucket())

    await client.script_flush()

    assert (await limiter.take(a_bucket())).allowed


@pytest.mark.kill
async def test_while_the_server_is_away_one_caller_finds_out_and_others_are_told(
    valkey: ValkeyServer,
) -> None:
    async with Redis.from_url(valkey.url, socket_timeout=2) as client:
        limiter = RedisRateLimiter(client)
        await limiter.take(a_bucket())
        valkey.kill()

        with pytest.raises(Unavailable) as away:
            await limiter.take(a_bucket())
        assert away.value.details["dependency"] == "redis"
        began = monotonic()
        for _ in range(100):
            with pytest.raises(Unavailable):
                await limiter.take(a_bucket())
        # Had each of them asked, this would have taken a second every time.
        assert monotonic() - began < 5

        await valkey.start()
        await asyncio.sleep(1.1)
        assert (await limiter.take(a_bucket())).allowed
