"""How often something may be done: token buckets, shared by every process."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A named store of `capacity` tokens that regains `refill_per_second` of them."""

    name: str
    capacity: int
    refill_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What the narrowest of the asked buckets answered.

    `reset_after` is the seconds until that bucket is full again; `retry_after` the seconds until
    the refused cost would be granted, and 0 when it was.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_after: float
    retry_after: float


class RateLimiter(Protocol):
    """Takes tokens out of buckets, atomically."""

    @abstractmethod
    async def take(self, *buckets: Bucket, cost: int = 1) -> Allowance:
        """Take `cost` tokens from every bucket, or from none when one of them lacks it.

        A bucket that nobody has asked for yet is full. The answer speaks of the bucket that
        refuses for longest, else of the one with the smallest share left.

        Raises:
            Unavailable: the store of the buckets could not be reached.
        """
