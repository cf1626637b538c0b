"""Token buckets in memory."""

from collections.abc import Callable

from dify_hex.application.shared.rate_limiter import Allowance, Bucket, RateLimiter
from dify_hex.domain.shared.errors import Unavailable


class MemoryRateLimiter(RateLimiter):
    """Keeps for each bucket the second at which it will be full again."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._full_at: dict[str, float] = {}
        #: Makes every call fail, as if the store were away.
        self.is_away = False

    async def take(self, *buckets: Bucket, cost: int = 1) -> Allowance:
        if self.is_away:
            raise Unavailable(dependency="redis")
        now = self._now()
        owed = {b.name: max(self._full_at.get(b.name, now) - now, 0.0) for b in buckets}
        waits = {b.name: (owed[b.name] * b.refill_per_second + cost - b.capacity) for b in buckets}
        refusing = [b for b in buckets if waits[b.name] > 1e-6]
        if refusing:
            narrowest = max(refusing, key=lambda b: waits[b.name] / b.refill_per_second)
            wait = waits[narrowest.name] / narrowest.refill_per_second
            return self._allowance(narrowest, owed[narrowest.name], wait)
        shares = {b.name: 1 - owed[b.name] * b.refill_per_second / b.capacity for b in buckets}
        narrowest = min(buckets, key=lambda b: shares[b.name])
        for bucket in buckets:
            owed[bucket.name] += cost / bucket.refill_per_second
            self._full_at[bucket.name] = now + owed[bucket.name]
        return self._allowance(narrowest, owed[narrowest.name], 0.0)

    @staticmethod
    def _allowance(bucket: Bucket, owed: float, wait: float) -> Allowance:
        remaining = bucket.capacity - owed * bucket.refill_per_second
        return Allowance(
            allowed=wait == 0,
            limit=bucket.capacity,
            remaining=max(0, int(remaining + 1e-6)),
            reset_after=owed,
            retry_after=wait,
        )
