"""Token buckets in Redis: one script call for all buckets of a request."""

import asyncio
import time
from importlib.resources import files

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dify_hex.application.shared.rate_limiter import Allowance, Bucket, RateLimiter
from dify_hex.domain.shared.errors import Unavailable

_PREFIX = "dify_hex:limit:"
_MICROSECONDS = 1_000_000
#: Seconds that a request waits for an answer, and after which it need not even ask again.
_TIMEOUT = 1.0
_PAUSE = 1.0


class LimiterUnavailable(Unavailable):
    """The store of rate limits cannot be reached."""


class RedisRateLimiter(RateLimiter):
    """Asks Redis; while it is away one caller a second finds out, and the others are told."""

    def __init__(self, redis: Redis, *, prefix: str = _PREFIX) -> None:
        script = files(__package__).joinpath("token_buckets.lua").read_text()
        self._script = redis.register_script(script)
        self._prefix = prefix
        self._silent_until = 0.0

    async def take(self, *buckets: Bucket, cost: int = 1) -> Allowance:
        if time.monotonic() < self._silent_until:
            raise _unavailable()
        arguments: list[int | float] = [cost]
        for bucket in buckets:
            arguments += (bucket.capacity, _MICROSECONDS / bucket.refill_per_second)
        try:
            async with asyncio.timeout(_TIMEOUT):
                granted, spoken_of, remaining, reset, wait = await self._script(
                    keys=[self._prefix + bucket.name for bucket in buckets], args=arguments
                )
        except (RedisError, OSError) as error:
            self._silent_until = time.monotonic() + _PAUSE
            raise _unavailable() from error
        return Allowance(
            allowed=bool(granted),
            limit=buckets[spoken_of - 1].capacity,
            remaining=remaining,
            reset_after=reset / _MICROSECONDS,
            retry_after=wait / _MICROSECONDS,
        )


def _unavailable() -> LimiterUnavailable:
    return LimiterUnavailable(dependency="redis", retry_after=_PAUSE)
