"""What becomes of a node's failures: how often it is tried, for how long, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dify_hex.domain.shared.values.json_value import JsonValue

MAX_RETRIES = 20
MAX_INTERVAL_SECONDS = 3600.0
MAX_TIMEOUT_SECONDS = 86_400.0

#: By this handle a run leaves a node that failed, where its policy says so.
FAIL_BRANCH = "fail-branch"


class ErrorStrategy(StrEnum):
    """What follows when the last attempt of a node has failed."""

    FAIL = "fail"
    DEFAULT_VALUE = "default-value"
    FAIL_BRANCH = "fail-branch"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a failed attempt is repeated, and how long after (seconds).

    The wait grows by `backoff` each time, up to `max_interval_seconds`; `jitter` is the share of
    it that is left to chance.
    """

    max_retries: int = 0
    interval_seconds: float = 1.0
    backoff: float = 1.0
    max_interval_seconds: float = 60.0
    jitter: float = 0.0

    def wait_before(self, retry: int, *, chance: float) -> float:
        """Seconds before the `retry`-th repetition, counted from 1; `chance` is from 0 to 1."""
        longest = min(self.max_interval_seconds, MAX_INTERVAL_SECONDS)
        try:
            wait = self.interval_seconds * self.backoff ** (retry - 1)
        except OverflowError:
            wait = longest
        return min(wait, longest) * (1.0 - self.jitter * chance)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePolicy:
    """A node's retries, the longest time of one attempt, and its error strategy."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout_seconds: float | None = None
    on_error: ErrorStrategy = ErrorStrategy.FAIL
    #: What a node that failed puts out instead, with the strategy `default-value`.
    default_outputs: Mapping[str, JsonValue] = field(default_factory=dict)


NO_POLICY = NodePolicy()
