"""How long a run waits before it repeats what has failed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.workflow.node_policy import MAX_INTERVAL_SECONDS, RetryPolicy


def waits(policy: RetryPolicy, retries: int, chance: float = 0.0) -> list[float]:
    return [policy.wait_before(retry, chance=chance) for retry in range(1, retries + 1)]


def test_without_backoff_every_wait_is_the_same() -> None:
    assert waits(RetryPolicy(interval_seconds=2.0), 3) == [2.0, 2.0, 2.0]


def test_with_backoff_they_grow_up_to_the_longest() -> None:
    policy = RetryPolicy(interval_seconds=1.0, backoff=3.0, max_interval_seconds=10.0)

    assert waits(policy, 4) == [1.0, 3.0, 9.0, 10.0]


def test_growth_beyond_all_numbers_ends_at_the_longest_too() -> None:
    policy = RetryPolicy(backoff=1e300, max_interval_seconds=60.0)

    assert policy.wait_before(20, chance=0.0) == 60.0


def test_no_policy_can_make_a_run_wait_forever() -> None:
    policy = RetryPolicy(interval_seconds=1e9, max_interval_seconds=1e9)

    assert policy.wait_before(1, chance=0.0) == MAX_INTERVAL_SECONDS


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 10.0), (0.5, 8.0), (1.0, 6.0)])
def test_chance_takes_off_the_share_that_is_left_to_it(chance: float, wait: float) -> None:
    policy = RetryPolicy(interval_seconds=10.0, jitter=0.4)

    assert policy.wait_before(1, chance=chance) == pytest.approx(wait)


@given(
    interval=st.floats(0, 3600),
    backoff=st.floats(1, 1e300),
    longest=st.floats(0, 3600),
    jitter=st.floats(0, 1),
    chance=st.floats(0, 1),
    retry=st.integers(1, 20),
)
def test_a_wait_is_never_negative_and_never_longer_than_allowed(
    interval: float, backoff: float, longest: float, jitter: float, chance: float, retry: int
) -> None:
    policy = RetryPolicy(
        interval_seconds=interval, backoff=backoff, max_interval_seconds=longest, jitter=jitter
    )

    assert 0 <= policy.wait_before(retry, chance=chance) <= longest
