"""Pauses grow, with chance in them, up to a limit."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.task.retries import FIRST_PAUSE, LONGEST_PAUSE, pause_after

CHANCE = st.floats(min_value=0, max_value=1)


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [pause_after(attempts, jitter=1) for attempts in range(1, 30)]

    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert pauses == sorted(pauses)


@given(st.integers(min_value=1, max_value=10_000), CHANCE)
def test_chance_takes_at_most_half_of_a_pause(attempts: int, jitter: float) -> None:
    longest = pause_after(attempts, jitter=1)

    assert longest / 2 <= pause_after(attempts, jitter=jitter) <= longest


@given(st.integers(min_value=1, max_value=100), CHANCE, st.integers(0, 10**6))
def test_what_is_asked_for_is_the_least_within_reason(
    attempts: int, jitter: float, seconds: int
) -> None:
    asked_for = timedelta(seconds=seconds)

    pause = pause_after(attempts, jitter=jitter, asked_for=asked_for)

    assert min(asked_for, LONGEST_PAUSE) <= pause <= LONGEST_PAUSE
