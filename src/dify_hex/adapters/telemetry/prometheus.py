"""The system's figures as Prometheus metrics."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client import Counter as PromCounter
from prometheus_client import Gauge as PromGauge
from prometheus_client import Histogram as PromHistogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from dify_hex.application.shared.telemetry import Counter, Gauge, Histogram, Telemetry

#: Up to ten seconds; a model call that takes longer is told apart by its own metric.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_LONG_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

_COUNTERS: Mapping[Counter, tuple[str, tuple[str, ...]]] = {
    Counter.RUNS: ("Runs that ended, by their final status.", ("status",)),
    Counter.MODEL_CALLS: ("Calls of models.", ("provider", "outcome")),
    Counter.MODEL_TOKENS: ("Tokens of prompts and completions.", ("provider", "kind")),
    Counter.OUTBOX_DELIVERIES: ("Events handed to handlers.", ("outcome",)),
    Counter.LOOP_FAILURES: ("Failures of background loops.", ("loop",)),
    Counter.OUTBOUND_REQUESTS: ("Requests to servers that tenants name.", ("outcome",)),
    Counter.DEPRECATED_CALLS: ("Requests of deprecated routes.", ("route",)),
    Counter.JOBS: (
        "Attempts at background jobs, by where each left its task.",
        ("queue", "outcome"),
    ),
    Counter.DEAD_LETTERS: ("Background jobs that were given up.", ("queue",)),
    Counter.SANDBOX_RUNS: ("Executions of code, by how they ended.", ("profile", "outcome")),
}
_HISTOGRAMS: Mapping[Histogram, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    Histogram.JOURNAL_BATCH_SIZE: ("Rows in one commit of the journal.", (), _ROWS),
    Histogram.JOURNAL_COMMIT_SECONDS: ("One commit of the journal.", (), _SECONDS),
    Histogram.MODEL_CALL_SECONDS: ("A whole call of a model.", ("provider",), _LONG_SECONDS),
    Histogram.TTFT_SECONDS: ("A model's time to first token.", ("provider",), _LONG_SECONDS),
    Histogram.OUTBOUND_SECONDS: ("A whole exchange with such a server.", (), _LONG_SECONDS),
    Histogram.EVENT_LOOP_LAG_SECONDS: ("How late the event loop wakes.", (), _SECONDS),
    Histogram.SANDBOX_SECONDS: (
        "An execution of code, with its wait.",
        ("profile",),
        (*_SECONDS, 30, 60, 120),
    ),
    Histogram.JOB_WAIT_SECONDS: (
        "From a background job being due until it begins.",
        ("queue",),
        (*_SECONDS, 60, 600, 3600),
    ),
}
_GAUGES: Mapping[Gauge, tuple[str, tuple[str, ...]]] = {
    Gauge.STREAMS_OPEN: ("Streams being served.", ()),
    Gauge.RUNS_ACTIVE: ("Runs that this process executes.", ()),
    Gauge.POOL_CONNECTIONS: ("Connections of a pool.", ("pool", "state")),
    Gauge.OUTBOX_PENDING: ("Events that wait for their delivery.", ()),
    Gauge.JOBS_RUNNING: ("Background jobs under way in this process.", ("queue",)),
    Gauge.JOBS_WAITING: ("Background jobs that are due and were not begun.", ("queue",)),
    Gauge.JOBS_DEAD: ("Background jobs that wait for somebody to look into them.", ("queue",)),
    Gauge.SANDBOX_EXECUTIONS: ("Executions that the sandbox runs, or lets wait.", ("state",)),
}


class PrometheusTelemetry(Telemetry):
    """Keeps the figures in a registry of its own, so that tests do not share them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._counters = {
            name: PromCounter(name.value, text, labels, registry=self.registry)
            for name, (text, labels) in _COUNTERS.items()
        }
        self._histograms = {
            name: PromHistogram(name.value, text, labels, buckets=buckets, registry=self.registry)
            for name, (text, labels, buckets) in _HISTOGRAMS.items()
        }
        self._gauges = {
            name: PromGauge(name.value, text, labels, registry=self.registry)
            for name, (text, labels) in _GAUGES.items()
        }
        self._requests = PromCounter(
            "http_requests_total",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._request_seconds = PromHistogram(
            "http_request_duration_seconds",
            "From a request's first byte to the first of its answer.",
            ("route", "method"),
            buckets=_SECONDS,
            registry=self.registry,
        )

    def request_answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an HTTP request; `route` is the template, so that ids do not multiply series."""
        self._requests.labels(route, method, str(status)).inc()
        self._request_seconds.labels(route, method).observe(seconds)

    def count(self, counter: Counter, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""
        metric = self._counters[counter]
        (metric.labels(**labels) if labels else metric).inc(amount)

    def observe(self, histogram: Histogram, value: float, **labels: str) -> None:
        """Add one observation to a histogram."""
        metric = self._histograms[histogram]
        (metric.labels(**labels) if labels else metric).observe(value)

    def set_gauge(self, gauge: Gauge, value: float, **labels: str) -> None:
        """Say how much there is now."""
        metric = self._gauges[gauge]
        (metric.labels(**labels) if labels else metric).set(value)

    def add_to_gauge(self, gauge: Gauge, delta: float, **labels: str) -> None:
        """Say that there is more, or less, than before."""
        metric = self._gauges[gauge]
        (metric.labels(**labels) if labels else metric).inc(delta)

    def exposition(self) -> tuple[bytes, str]:
        """Everything in Prometheus' text format, and the media type of that."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST
