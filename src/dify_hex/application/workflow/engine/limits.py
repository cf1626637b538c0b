"""What one run may use up."""

from dataclasses import dataclass, replace
from typing import TypeVar

from dify_hex.domain.shared.values.run_bounds import RunBounds
from dify_hex.domain.workflow.errors import RunLimitReached
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.run_view import RunView

NumberT = TypeVar("NumberT", int, float)
_NO_BOUNDS = RunBounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """What one run may use up, and how many effects it may have under way at a time."""

    steps: int = 10_000
    seconds: float = 1200.0
    tokens: int = 10_000_000
    #: What all nodes may put out together, in values and characters.
    size: int = 100_000_000
    parallel: int = 100

    def within(self, bounds: RunBounds) -> "RunLimits":
        """These limits, or narrower ones where an app sets such for its runs."""
        if bounds == _NO_BOUNDS:
            return self
        return replace(
            self,
            steps=_narrower(self.steps, bounds.steps),
            seconds=_narrower(self.seconds, bounds.seconds),
            tokens=_narrower(self.tokens, bounds.tokens),
        )

    def overdrawn(self, run: RunView) -> RunError | None:
        """Which limit the run has gone over; None while it keeps to them."""
        if run.steps > self.steps:
            return _limit("steps", self.steps)
        if run.usage.total_tokens > self.tokens:
            return _limit("tokens", self.tokens)
        if run.size > self.size:
            return _limit("size", self.size)
        return None

    def out_of_time(self) -> RunError:
        """What a run ends with that takes longer than it may."""
        return _limit("seconds", self.seconds)


def _narrower(allowed: NumberT, wanted: NumberT | None) -> NumberT:
    return allowed if wanted is None else min(allowed, wanted)


def _limit(name: str, value: float) -> RunError:
    error = RunLimitReached(limit=name, value=value)
    return RunError(
        code=error.code,
        message=f"{error.message} ({name}: {value:g})",
        details={"limit": name, "value": value},
    )
