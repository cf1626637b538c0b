"""A run at its birth, on its way from the transaction that it begins in to who executes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from dify_hex.application.workflow.records import JournalRow, Lease
from dify_hex.domain.workflow.run import WorkflowRun

DEFAULT_RESUME_WINDOW = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRun:
    """A run whose first events stand in the caller's transaction, not yet committed."""

    run: WorkflowRun
    lease: Lease
    rows: Sequence[JournalRow]
    background: bool
    resume_window: timedelta
