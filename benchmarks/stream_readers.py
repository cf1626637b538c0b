"""Five thousand readers of fifty runs on one API process: an event a second each, none lost.

Beside it: what a reader costs FastAPI with sse-starlette and nothing else.
"""

import argparse
import asyncio
import operator
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

import uvloop

from benchmarks.figures import Figure, Report, run_alone
from benchmarks.peer import running_peer
from benchmarks.processes import cpu_seconds, private_bytes
from benchmarks.stage import Stage, stage
from benchmarks.streaming import StreamReading
from benchmarks.wire import Address, Connection, connect, request_bytes
from dify_hex.bootstrap.process import raise_file_limit

_READERS, _RUNS, _SECONDS = 5000, 50, 60
_QUICK_READERS, _QUICK_SECONDS = 1000, 8
_KB_EACH = 80
_CONNECTING_AT_ONCE = 64
#: `t0 t1 t2 …` is what the scripted model says; the peer says `tick` and is not asked.
_PIECE = re.compile(rb"\bt(\d+) ")


@dataclass(frozen=True, slots=True)
class Read:
    """What the readers got, and what they cost."""

    readers: int
    events_per_second: float
    lost: int
    failed: int
    kb_each: float
    cpu_share: float
    connecting: float


class KeptReading(StreamReading):
    """Keeps the text, in which every piece has its number, to see afterwards what is missing."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[bytes] = []

    def take(self, chunk: bytes) -> None:
        """Take some of the stream's bytes."""
        super().take(chunk)
        self._kept.append(chunk)

    def missing(self) -> int:
        """Pieces that are not where they should be: lost, doubled, or out of order."""
        numbers = [int(number) for number in _PIECE.findall(b"".join(self._kept))]
        expected = range(numbers[0], numbers[0] + len(numbers)) if numbers else ()
        return sum(map(operator.ne, numbers, expected))


class Audience:
    """Readers that stay until they are sent away."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._connecting = asyncio.Semaphore(_CONNECTING_AT_ONCE)
        self._connections: list[Connection] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.readings: list[KeptReading] = []

    async def seat(self, requests: Sequence[bytes]) -> float:
        """Everybody begins to read; returns the seconds until all have heard something."""
        began = time.perf_counter()
        for request in requests:
            reading = KeptReading()
            self.readings.append(reading)
            self._tasks.append(asyncio.create_task(self._read(request, reading)))
        while not all(reading.events or reading.has_failed for reading in self.readings):
            await asyncio.sleep(0.05)
            if time.perf_counter() - began > 120:
                raise TimeoutError("not everybody hears something")
        return time.perf_counter() - began

    async def leave(self) -> None:
        """Everybody goes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for connection in self._connections:
            connection.close()

    async def _read(self, request: bytes, reading: StreamReading) -> None:
        async with self._connecting:
            connection = await connect(self._address)
            self._connections.append(connection)
            answering = asyncio.ensure_future(connection.send(request, reading.take))
            while not (reading.events or answering.done()):  # noqa: ASYNC110 - readings tell nobody
                await asyncio.sleep(0.01)
        answer = await answering
        reading.has_failed |= answer.status != 200


def measure(options: argparse.Namespace) -> Report:
    """Ours, then the peer."""
    raise_file_limit()
    readers = _QUICK_READERS if options.quick else _READERS
    seconds = _QUICK_SECONDS if options.quick else _SECONDS
    with stage() as product:
        ours = uvloop.run(_ours(product, readers, seconds))
        with running_peer(product.model) as (address, pid):
            tick = request_bytes("GET", "/ticks", address)
            peer = uvloop.run(_listen(address, pid, [tick] * readers, min(seconds, 10)))
    return Report(
        title=f"{readers} readers of {_RUNS} runs, an event a second for {seconds} s",
        figures=(
            Figure(name="events lost, doubled or moved", value=ours.lost, unit="", target=0),
            Figure(name="readers that failed", value=ours.failed, unit="", target=0),
            Figure(
                name="memory per reader",
                value=ours.kb_each,
                unit="KB",
                target=_KB_EACH,
                note=f"FastAPI + sse-starlette {peer.kb_each:.0f} KB",
            ),
            Figure(
                name="events",
                value=ours.events_per_second,
                unit="/s",
                note=f"{100 * ours.cpu_share:.0f} % of a core; FastAPI + sse-starlette "
                f"{100 * peer.cpu_share:.0f} %",
            ),
            Figure(name="until all had heard something", value=ours.connecting, unit="s"),
        ),
    )


async def _ours(product: Stage, readers: int, seconds: int) -> Read:
    """Runs that speak once a second, in the background so that they need nobody."""
    speaking = Audience(product.address)
    tokens = seconds + 60
    send = product.message(f"[[tokens={tokens} delay=1]] Tick", "stream", resume_window=3600)
    await speaking.seat([send] * _RUNS)
    listed = product.owner.get("/v1/workflow-runs", params={"limit": _RUNS}).json()["data"]
    paths = [f"/v1/messages/{run['message_id']}/events" for run in listed]
    requests = [product.request("GET", paths[number % _RUNS]) for number in range(readers)]
    read = await _listen(product.address, product.api_pid, requests, seconds)
    await speaking.leave()
    return read


async def _listen(address: Address, pid: int, requests: Sequence[bytes], seconds: int) -> Read:
    # What is made once for all readers is not a reader's.
    first = Audience(address)
    await first.seat(requests[:_CONNECTING_AT_ONCE])
    await first.leave()
    await asyncio.sleep(0.5)
    memory = private_bytes(pid)
    audience = Audience(address)
    connecting = await audience.seat(requests)
    events = sum(reading.events for reading in audience.readings)
    cpu, began = cpu_seconds(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    cpu = cpu_seconds(pid) - cpu
    events = sum(reading.events for reading in audience.readings) - events
    grown = private_bytes(pid) - memory
    await audience.leave()
    readers = len(requests)
    return Read(
        readers=readers,
        events_per_second=events / took,
        lost=sum(reading.missing() for reading in audience.readings),
        failed=sum(reading.has_failed or reading.is_done for reading in audience.readings),
        kb_each=grown / readers / 1000,
        cpu_share=cpu / took,
        connecting=connecting,
    )


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
