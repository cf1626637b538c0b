"""When work that failed is tried again."""

from datetime import timedelta

#: The wait after the first failure; it doubles with each one, up to the longest.
FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=10)
#: A pause is at least this part of its length, so that many that failed together come apart.
_LEAST = 0.5
#: A power of two beyond which every pause is the longest one.
_MAX_DOUBLINGS = 16


def pause_after(attempts: int, *, jitter: float, asked_for: timedelta | None = None) -> timedelta:
    """How long to wait after so many failed attempts, counted from 1.

    `jitter` is a random number from 0 to 1. `asked_for` is what the one who failed would like to
    have at the least.
    """
    doublings = min(max(attempts - 1, 0), _MAX_DOUBLINGS)
    longest = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    pause = longest * (_LEAST + (1 - _LEAST) * jitter)
    return pause if asked_for is None else max(pause, min(asked_for, LONGEST_PAUSE))
