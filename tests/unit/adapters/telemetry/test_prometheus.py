"""Every figure that can be reported is a metric, with the labels it is reported with."""

import asyncio

import httpx

from dify_hex.adapters.telemetry.exporter import metrics_exporter
from dify_hex.adapters.telemetry.loop_lag import sample_loop_lag
from dify_hex.adapters.telemetry.prometheus import PrometheusTelemetry
from dify_hex.application.shared.telemetry import Counter, Gauge, Histogram, SilentTelemetry

LABELS: dict[Counter | Histogram | Gauge, dict[str, str]] = {
    Counter.RUNS: {"status": "succeeded"},
    Counter.MODEL_CALLS: {"provider": "local", "outcome": "ok"},
    Counter.MODEL_TOKENS: {"provider": "local", "kind": "prompt"},
    Counter.OUTBOX_DELIVERIES: {"outcome": "delivered"},
    Counter.LOOP_FAILURES: {"loop": "outbox"},
    Counter.OUTBOUND_REQUESTS: {"outcome": "answered"},
    Counter.DEPRECATED_CALLS: {"route": "/v1/x"},
    Counter.JOBS: {"queue": "high", "outcome": "success"},
    Counter.DEAD_LETTERS: {"queue": "high"},
    Histogram.JOB_WAIT_SECONDS: {"queue": "high"},
    Gauge.JOBS_RUNNING: {"queue": "high"},
    Gauge.JOBS_WAITING: {"queue": "high"},
    Gauge.JOBS_DEAD: {"queue": "high"},
    Counter.SANDBOX_RUNS: {"profile": "python", "outcome": "done"},
    Histogram.SANDBOX_SECONDS: {"profile": "python"},
    Gauge.SANDBOX_EXECUTIONS: {"state": "running"},
    Histogram.MODEL_CALL_SECONDS: {"provider": "local"},
    Histogram.TTFT_SECONDS: {"provider": "local"},
    Gauge.POOL_CONNECTIONS: {"pool": "orm", "state": "idle"},
}


def test_every_figure_has_its_metric() -> None:
    telemetry = PrometheusTelemetry()

    for counter in Counter:
        telemetry.count(counter, 1, **LABELS.get(counter, {}))
    for histogram in Histogram:
        telemetry.observe(histogram, 0.5, **LABELS.get(histogram, {}))
    for gauge in Gauge:
        telemetry.set_gauge(gauge, 2, **LABELS.get(gauge, {}))
        telemetry.add_to_gauge(gauge, 1, **LABELS.get(gauge, {}))
    text = telemetry.exposition()[0].decode()

    assert all(f"\n{name} " in text or f"\n{name}{{" in text for name in Counter)
    assert all(f"\n{name}_count" in text for name in Histogram)
    assert "streams_open 3.0" in text
    assert "process_resident_memory_bytes" in text


def test_nobody_has_to_watch() -> None:
    silent = SilentTelemetry()

    silent.count(Counter.RUNS, status="failed")
    silent.observe(Histogram.JOURNAL_BATCH_SIZE, 1)
    silent.set_gauge(Gauge.STREAMS_OPEN, 1)
    silent.add_to_gauge(Gauge.STREAMS_OPEN, -1)


async def test_figures_have_an_address_of_their_own() -> None:
    telemetry = PrometheusTelemetry()
    telemetry.set_gauge(Gauge.STREAMS_OPEN, 7)

    async with (
        metrics_exporter(telemetry.exposition, "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        found = await client.get("/metrics")
        nothing = await client.get("/")

    assert "streams_open 7.0" in found.text
    assert nothing.status_code == 404


async def test_a_second_process_gets_a_port_of_its_own() -> None:
    exposition = PrometheusTelemetry().exposition

    async with (
        metrics_exporter(exposition, "127.0.0.1", 0) as first,
        metrics_exporter(exposition, "127.0.0.1", first) as second,
    ):
        assert second != first


async def test_a_caller_who_says_nothing_is_left() -> None:
    async with metrics_exporter(PrometheusTelemetry().exposition, "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 10_000)
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()

    assert answer == b""


async def test_the_loops_lag_is_sampled() -> None:
    telemetry = PrometheusTelemetry()
    sampling = asyncio.create_task(sample_loop_lag(telemetry))

    async with asyncio.timeout(20):
        while b"event_loop_lag_seconds_count 1.0" not in telemetry.exposition()[0]:  # noqa: ASYNC110 - what is waited for is plain state
            await asyncio.sleep(0.01)
    sampling.cancel()
