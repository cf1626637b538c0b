"""What every rate limiter promises, whatever keeps its buckets."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from dify_hex.application.shared.rate_limiter import Bucket, RateLimiter

#: Lets this many seconds pass for the limiter.
LetPass = Callable[[float], Awaitable[None]]


def a_bucket(*, capacity: int = 3, refill: float = 0.01) -> Bucket:
    """A bucket that nobody else uses, and that hardly refills while a test runs."""
    return Bucket(name=f"test:{uuid4()}", capacity=capacity, refill_per_second=refill)


class RateLimiterConformance:
    """Subclasses give the fixtures `limiter` and `let_pass`."""

    async def test_a_bucket_is_full_at_first_and_then_counts_down(
        self, limiter: RateLimiter
    ) -> None:
        bucket = a_bucket(capacity=3)

        answers = [await limiter.take(bucket) for _ in range(3)]

        assert [answer.allowed for answer in answers] == [True, True, True]
        assert [answer.remaining for answer in answers] == [2, 1, 0]
        assert {answer.limit for answer in answers} == {3}
        assert {answer.retry_after for answer in answers} == {0}
        assert answers[-1].reset_after == pytest.approx(300, abs=2)

    async def test_an_empty_bucket_refuses_and_says_for_how_long(
        self, limiter: RateLimiter
    ) -> None:
        bucket = a_bucket(capacity=2)
        await limiter.take(bucket, cost=2)

        refused = await limiter.take(bucket)

        assert not refused.allowed
        assert refused.remaining == 0
        assert refused.retry_after == pytest.approx(100, abs=2)
        assert (await limiter.take(bucket, cost=2)).retry_after == pytest.approx(200, abs=2)

    async def test_a_refusal_costs_nothing(self, limiter: RateLimiter) -> None:
        bucket = a_bucket(capacity=2)
        await limiter.take(bucket)

        assert not (await limiter.take(bucket, cost=2)).allowed

        assert (await limiter.take(bucket)).allowed

    async def test_tokens_come_back_with_time_and_never_above_the_capacity(
        self, limiter: RateLimiter, let_pass: LetPass
    ) -> None:
        bucket = a_bucket(capacity=2, refill=10)
        assert (await limiter.take(bucket, cost=2)).allowed
        await let_pass(0.15)
        assert (await limiter.take(bucket)).allowed
        await let_pass(1)

        assert (await limiter.take(bucket, cost=2)).allowed
        assert not (await limiter.take(bucket)).allowed

    async def test_of_several_buckets_all_give_or_none(self, limiter: RateLimiter) -> None:
        wide, narrow = a_bucket(capacity=10), a_bucket(capacity=1)
        await limiter.take(wide, narrow)

        refused = await limiter.take(wide, narrow)

        assert not refused.allowed
        assert refused.limit == 1
        assert (await limiter.take(wide)).remaining == 8

    async def test_a_grant_speaks_of_the_bucket_with_the_smallest_share_left(
        self, limiter: RateLimiter
    ) -> None:
        wide, narrow = a_bucket(capacity=1000), a_bucket(capacity=20)
        await limiter.take(wide, cost=995)

        assert (await limiter.take(wide, narrow)).limit == 1000
        assert (await limiter.take(narrow, wide)).remaining == 3

    async def test_a_refusal_speaks_of_the_bucket_that_refuses_for_longest(
        self, limiter: RateLimiter
    ) -> None:
        soon, late = a_bucket(capacity=5, refill=1), a_bucket(capacity=4, refill=0.01)
        await limiter.take(soon, cost=5)
        await limiter.take(late, cost=4)

        for order in ((soon, late), (late, soon)):
            assert (await limiter.take(*order)).limit == 4

    async def test_many_callers_at_once_get_what_there_is_and_no_more(
        self, limiter: RateLimiter
    ) -> None:
        bucket = a_bucket(capacity=10)

        answers = await asyncio.gather(*(limiter.take(bucket) for _ in range(40)))

        assert sum(answer.allowed for answer in answers) == 10

    async def test_uneven_rates_lose_nothing_by_rounding(self, limiter: RateLimiter) -> None:
        bucket = a_bucket(capacity=7, refill=0.03)

        answers = [await limiter.take(bucket) for _ in range(8)]

        assert [answer.allowed for answer in answers] == [True] * 7 + [False]
        assert [answer.remaining for answer in answers[:7]] == [6, 5, 4, 3, 2, 1, 0]
