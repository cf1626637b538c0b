"""How long an app's runs are kept."""

from dataclasses import dataclass

from dify_hex.domain.app.errors import AppRunRetentionInvalid

MAX_DAYS = 36_500
MAX_RUNS = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRetention:
    """Days after their end, and how many runs; None leaves it to the operator, as more would.

    Raises:
        AppRunRetentionInvalid: a number is out of range.
    """

    keep_days: int | None = None
    keep_runs: int | None = None

    def __post_init__(self) -> None:
        for name, value, most in (
            ("keep_days", self.keep_days, MAX_DAYS),
            ("keep_runs", self.keep_runs, MAX_RUNS),
        ):
            if value is not None and not 1 <= value <= most:
                raise AppRunRetentionInvalid(field=name, most=most)
