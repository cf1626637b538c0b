"""What one run may use up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBounds:
    """The most attempts of nodes, seconds and tokens of a run; None is what the operator allows."""

    steps: int | None = None
    seconds: float | None = None
    tokens: int | None = None
