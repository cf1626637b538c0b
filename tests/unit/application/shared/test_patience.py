"""A run waits for the system's own database, and for nothing else."""

import pytest

from dify_hex.application.shared.patience import patiently
from dify_hex.domain.shared.errors import Unavailable


class Reads:
    """A read that fails some times before it succeeds."""

    def __init__(self, *failures: Unavailable) -> None:
        self.failures = list(failures)
        self.tries = 0

    async def read(self) -> str:
        self.tries += 1
        if self.failures:
            raise self.failures.pop()
        return "value"


async def test_a_database_that_is_away_is_waited_for() -> None:
    reads = Reads(Unavailable(dependency="database"), Unavailable(dependency="database"))

    assert await patiently(reads.read) == "value"
    assert reads.tries == 3


async def test_anything_else_that_is_away_is_an_error_at_once() -> None:
    reads = Reads(Unavailable(provider="openai"))

    with pytest.raises(Unavailable):
        await patiently(reads.read)
    assert reads.tries == 1
