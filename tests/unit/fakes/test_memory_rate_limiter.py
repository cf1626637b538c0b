"""The rate limiter in memory keeps every limiter's promises."""

from collections.abc import Awaitable, Callable

import pytest

from tests.conformance.rate_limiter import RateLimiterConformance
from tests.fakes.memory_rate_limiter import MemoryRateLimiter


class TestMemoryRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def seconds(self) -> list[float]:
        return [1_800_000_000.0]

    @pytest.fixture
    def limiter(self, seconds: list[float]) -> MemoryRateLimiter:
        return MemoryRateLimiter(lambda: seconds[0])

    @pytest.fixture
    def let_pass(self, seconds: list[float]) -> Callable[[float], Awaitable[None]]:
        async def turn(by: float) -> None:
            seconds[0] += by

        return turn
