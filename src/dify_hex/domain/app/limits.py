"""What an app allows those who use it, and its runs."""

from collections.abc import Iterator
from dataclasses import dataclass

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.run_bounds import RunBounds

MAX_QUERY_LENGTH = 200_000
MAX_TIMEOUT_SECONDS = 600.0
MAX_STEPS = 1_000_000
MAX_RUN_SECONDS = 86_400.0
MAX_TOKENS = 1_000_000_000
MAX_RESUME_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a query may be (in characters), and how long the model may be silent."""

    max_query_length: int = 32_000
    first_token_timeout_seconds: float = 60.0
    token_timeout_seconds: float = 30.0

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range."""
        yield from range_faults(f"{path}.max_query_length", self.max_query_length, MAX_QUERY_LENGTH)
        for name, seconds in (
            ("first_token_timeout_seconds", self.first_token_timeout_seconds),
            ("token_timeout_seconds", self.token_timeout_seconds),
        ):
            yield from range_faults(f"{path}.{name}", seconds, MAX_TIMEOUT_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLimits:
    """How much a run of a graph may use up; None leaves it to the operator.

    `resume_window_seconds` is how long a run goes on whose last reader has left, where the caller
    does not say so.
    """

    max_query_length: int = 32_000
    steps: int | None = None
    seconds: float | None = None
    tokens: int | None = None
    resume_window_seconds: float | None = None

    @property
    def bounds(self) -> RunBounds:
        """What a run is bound to."""
        return RunBounds(steps=self.steps, seconds=self.seconds, tokens=self.tokens)

    def faults(self, path: str) -> Iterator[Fault]:
        """Everything that is out of range."""
        yield from range_faults(f"{path}.max_query_length", self.max_query_length, MAX_QUERY_LENGTH)
        yield from range_faults(f"{path}.steps", self.steps, MAX_STEPS)
        yield from range_faults(f"{path}.seconds", self.seconds, MAX_RUN_SECONDS)
        yield from range_faults(f"{path}.tokens", self.tokens, MAX_TOKENS)
        yield from range_faults(
            f"{path}.resume_window_seconds", self.resume_window_seconds, MAX_RESUME_SECONDS, 0
        )


def range_faults(
    path: str, value: float | None, highest: float, lowest: float = 1
) -> Iterator[Fault]:
    """The fault of a value that is out of range; none of one that was left out."""
    # Written so that a NaN is refused, too.
    if value is not None and not lowest <= value <= highest:
        yield Fault(
            code="limit_out_of_range",
            path=path,
            message=f"Use a value from {lowest:g} to {highest:g}.",
        )


def query_faults(query: str, longest: int) -> Iterator[Fault]:
    """What is wrong with what somebody says; `longest` counts characters."""
    if not query.strip():
        yield Fault(code="query_missing", path="query", message="Say something to the app.")
    if len(query) > longest:
        yield Fault(
            code="query_too_long",
            path="query",
            message=f"Use at most {longest} characters, not {len(query)}.",
        )
