"""Fifty chat streams of fifty tokens, one every 20 ms: what the product adds to each.

The same load goes to the scripted model itself (what is added is counted from there), to the
product, and to FastAPI with sse-starlette and nothing else.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import uvloop

from benchmarks.figures import Figure, Report, percentile, run_alone
from benchmarks.peer import running_peer
from benchmarks.processes import cpu_seconds
from benchmarks.stage import stage
from benchmarks.streaming import StreamReading, first_deltas
from benchmarks.wire import Address, connect, request_bytes

_STREAMS = 50
_TOKENS = 50
_SCRIPT = f"[[tokens={_TOKENS} delay=0.02]] Go on"
_ADDED_P50, _ADDED_P95, _CPU_PER_TOKEN = 15, 60, 0.2


@dataclass(frozen=True, slots=True)
class Streamed:
    """What came of one target."""

    first_tokens: Sequence[float]
    tokens: int
    cpu: float

    def first_token(self, share: float) -> float:
        """A percentile of the times to the first token, in milliseconds."""
        return 1000 * percentile(self.first_tokens, share)

    @property
    def cpu_per_token(self) -> float:
        """Milliseconds, the beginning and the end of each stream included."""
        return 1000 * self.cpu / self.tokens if self.tokens else float("nan")


class DirectReading(StreamReading):
    """A stream of the model itself."""

    __slots__ = ()

    def take(self, chunk: bytes) -> None:
        """Count what has content."""
        pieces = chunk.count(b'"content":"')
        if pieces and self.first_delta is None:
            self.first_delta = time.perf_counter()
        self.deltas += pieces
        self.tokens += pieces


def measure(options: argparse.Namespace) -> Report:
    """The three targets, one after the other."""
    seconds = 8.0 if options.quick else 30.0
    model_body = {
        "model": "scripted",
        "stream": True,
        "messages": [{"role": "user", "content": _SCRIPT}],
    }
    with stage() as product:
        to_model = request_bytes("POST", "/v1/chat/completions", product.model, body=model_body)
        direct = _stream(product.model, to_model, seconds, DirectReading, None)
        to_product = product.message(_SCRIPT, "stream")
        ours = _stream(product.address, to_product, seconds, StreamReading, product.api_pid)
        with running_peer(product.model) as (address, pid):
            to_peer = request_bytes("POST", "/chat", address, body=model_body)
            peer = _stream(address, to_peer, seconds, StreamReading, pid)
    return Report(
        title=f"{_STREAMS} chat streams at a time, {_TOKENS} tokens each, one every 20 ms",
        figures=(
            Figure(
                name="added time to first token p50",
                value=ours.first_token(0.5) - direct.first_token(0.5),
                unit="ms",
                target=_ADDED_P50,
                note=f"FastAPI + sse-starlette "
                f"{peer.first_token(0.5) - direct.first_token(0.5):.1f} ms",
            ),
            Figure(
                name="added time to first token p95",
                value=ours.first_token(0.95) - direct.first_token(0.95),
                unit="ms",
                target=_ADDED_P95,
                note=f"FastAPI + sse-starlette "
                f"{peer.first_token(0.95) - direct.first_token(0.95):.1f} ms",
            ),
            Figure(
                name="API CPU per token",
                value=ours.cpu_per_token,
                unit="ms",
                target=_CPU_PER_TOKEN,
                note=f"FastAPI + sse-starlette {peer.cpu_per_token:.2f} ms",
            ),
            Figure(name="tokens", value=ours.tokens / seconds, unit="/s"),
        ),
    )


def _stream(
    address: Address,
    request: bytes,
    seconds: float,
    kind: type[StreamReading],
    pid: int | None,
) -> Streamed:
    return uvloop.run(_streams(address, request, seconds, kind, pid))


async def _streams(
    address: Address,
    request: bytes,
    seconds: float,
    kind: type[StreamReading],
    pid: int | None,
) -> Streamed:
    """Streams that follow each other, as many as are wanted at any time."""
    readings: list[StreamReading] = []
    until = time.perf_counter() + 1.5 + seconds

    async def follow(number: int) -> None:
        connection = await connect(address)
        # The streams are spread over the time that one takes.
        await asyncio.sleep(number / _STREAMS)
        while time.perf_counter() < until:
            reading = kind()
            readings.append(reading)
            answer = await connection.send(request, reading.take)
            assert answer.status == 200, answer
        connection.close()

    everybody = [asyncio.create_task(follow(number)) for number in range(_STREAMS)]
    await asyncio.sleep(1.5)
    began, cpu = time.perf_counter(), _cpu(pid)
    tokens = sum(reading.tokens for reading in readings)
    await asyncio.sleep(seconds)
    tokens = sum(reading.tokens for reading in readings) - tokens
    cpu = _cpu(pid) - cpu
    await asyncio.gather(*everybody)
    assert not any(reading.has_failed for reading in readings)
    counted = [reading for reading in readings if reading.began >= began]
    return Streamed(first_deltas(counted), tokens, cpu)


def _cpu(pid: int | None) -> float:
    return 0.0 if pid is None else cpu_seconds(pid)


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
