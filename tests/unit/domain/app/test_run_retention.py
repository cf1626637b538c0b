"""How long runs are kept is a number that can be meant."""

import pytest

from dify_hex.domain.app.errors import AppRunRetentionInvalid
from dify_hex.domain.app.run_retention import MAX_DAYS, MAX_RUNS, RunRetention


def test_anything_may_be_left_to_the_operator() -> None:
    assert RunRetention() == RunRetention(keep_days=None, keep_runs=None)
    assert RunRetention(keep_days=MAX_DAYS, keep_runs=MAX_RUNS).keep_days == MAX_DAYS


@pytest.mark.parametrize(
    ("days", "runs", "field"),
    [
        (0, None, "keep_days"),
        (MAX_DAYS + 1, None, "keep_days"),
        (None, 0, "keep_runs"),
        (1, MAX_RUNS + 1, "keep_runs"),
    ],
)
def test_what_cannot_be_meant_is_refused(days: int | None, runs: int | None, field: str) -> None:
    with pytest.raises(AppRunRetentionInvalid) as refused:
        RunRetention(keep_days=days, keep_runs=runs)

    assert refused.value.details["field"] == field
