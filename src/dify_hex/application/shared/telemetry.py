"""What the system counts and measures about itself, named once for everyone who reports it."""

from abc import abstractmethod
from enum import StrEnum
from typing import Protocol


class Counter(StrEnum):
    """Things that happened so often."""

    RUNS = "runs_total"  # labels: status
    MODEL_CALLS = "model_calls_total"  # labels: provider, outcome
    MODEL_TOKENS = "model_tokens_total"  # labels: provider, kind
    OUTBOX_DELIVERIES = "outbox_deliveries_total"  # labels: outcome
    LOOP_FAILURES = "background_loop_failures_total"  # labels: loop
    DEPRECATED_CALLS = "http_deprecated_requests_total"  # labels: route
    SANDBOX_RUNS = "sandbox_runs_total"  # labels: profile, outcome
    OUTBOUND_REQUESTS = "outbound_requests_total"  # labels: outcome
    JOBS = "jobs_total"  # labels: queue, outcome
    DEAD_LETTERS = "job_dead_letters_total"  # labels: queue


class Histogram(StrEnum):
    """Durations in seconds and sizes in items."""

    JOURNAL_BATCH_SIZE = "journal_batch_rows"
    JOURNAL_COMMIT_SECONDS = "journal_commit_seconds"
    MODEL_CALL_SECONDS = "model_call_duration_seconds"  # labels: provider
    TTFT_SECONDS = "model_time_to_first_answer_seconds"  # labels: provider
    OUTBOUND_SECONDS = "outbound_request_duration_seconds"
    EVENT_LOOP_LAG_SECONDS = "event_loop_lag_seconds"
    SANDBOX_SECONDS = "sandbox_run_duration_seconds"  # labels: profile
    JOB_WAIT_SECONDS = "job_wait_seconds"  # labels: queue


class Gauge(StrEnum):
    """What there is at this moment."""

    STREAMS_OPEN = "streams_open"
    RUNS_ACTIVE = "runs_active"
    POOL_CONNECTIONS = "pool_connections"  # labels: pool, state
    OUTBOX_PENDING = "outbox_pending"
    SANDBOX_EXECUTIONS = "sandbox_executions"  # labels: state
    JOBS_RUNNING = "jobs_running"  # labels: queue
    JOBS_WAITING = "jobs_waiting"  # labels: queue
    JOBS_DEAD = "jobs_dead"  # labels: queue


class Telemetry(Protocol):
    """Takes figures; never fails and never waits."""

    @abstractmethod
    def count(self, counter: Counter, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""

    @abstractmethod
    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        """Add one observation to a histogram."""

    @abstractmethod
    def set_gauge(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Say how much there is now."""

    @abstractmethod
    def add_to_gauge(self, gauge: Gauge, delta: float, **labels: str) -> None:
        """Say that there is more, or less, than before."""


class SilentTelemetry(Telemetry):
    """For those whom nobody watches."""

    def count(self, counter: Counter, amount: float = 1, **labels: str) -> None:
        """Forget it."""

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        """Forget it."""

    def set_gauge(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Forget it."""

    def add_to_gauge(self, gauge: Gauge, delta: float, **labels: str) -> None:
        """Forget it."""
