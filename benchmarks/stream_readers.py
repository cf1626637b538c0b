"""Thousands of readers of a few runs on one API process: what is lost, and what each one costs."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated
from uuid import UUID

import psutil
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.adapters.redis.run_event_stream import RedisRunEventStream
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.rate_limiter import Allowance, Bucket
from dify_hex.application.workflow.follow_run import FollowRun
from dify_hex.application.workflow.journal_watch import JournalWatch
from dify_hex.application.workflow.records import JournalHead, Lease, StreamEntry
from dify_hex.bootstrap.logging import configure_logging
from dify_hex.bootstrap.process import raise_file_limit, settle_memory
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.entrypoints.http.app import HttpOptions, create_app
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.middleware.address_limit import AddressRates
from dify_hex.entrypoints.http.streaming.parameters import After, Detail
from dify_hex.entrypoints.http.streaming.response import stream_run
from tests.fakes.followed_run import ReadOnlyJournal
from tests.fakes.valkey_server import ValkeyServer
from tests.unit.entrypoints.http.parts import TENANT, MemoryRateLimiter, Parts

LIMIT_KB = 80
PLENTY = 1_000_000
_CONNECTING_AT_ONCE = 100
#: Tenths of a second.
_PATIENCE = 600


class EndlessJournal(ReadOnlyJournal):
    """Every run goes on."""

    async def heads(
        self, runs: Sequence[tuple[TenantId, WorkflowRunId]]
    ) -> Mapping[WorkflowRunId, JournalHead]:
        return {run: JournalHead(seq=1, status=RunStatus.RUNNING) for _, run in runs}


class NoLimits(MemoryRateLimiter):
    """Limits are not what is measured."""

    async def take(self, *buckets: Bucket, cost: int = 1) -> Allowance:
        self.taken.clear()
        return await super().take(*buckets, cost=cost)


def run_ids(count: int) -> list[WorkflowRunId]:
    """The same ids in the server and in its clients."""
    return [WorkflowRunId(UUID(int=number + 1)) for number in range(count)]


router = APIRouter(prefix="/v1/runs")


@router.get("/{run_id}/events")
async def follow(
    run_id: UUID,
    request: Request,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    use_case: Annotated[FollowRun, Inject(FollowRun)],
    after: After,
    detail: Detail,
) -> Response:
    """One run's events."""
    run = WorkflowRunId(run_id)
    return stream_run(request, use_case, actor.tenant_id, run, after=after, detail=detail)


async def serve(socket: str, redis_url: str, runs: int, interval: float) -> None:
    """One API process that owns the runs; each says something once an interval."""
    configure_logging("ERROR", "json")
    client = Redis.from_url(redis_url)
    stream = RedisRunEventStream(client, process="api")

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with stream:
            ticking = [asyncio.create_task(tick(stream, run, interval)) for run in run_ids(runs)]
            settle_memory()
            yield
            for task in ticking:
                task.cancel()
        await client.aclose()

    follow_run = FollowRun(stream=stream, watch=JournalWatch(EndlessJournal()))
    parts = Parts()
    parts.limiter = NoLimits()
    http = replace(parts.for_http(), use_cases={FollowRun: lambda: follow_run})
    options = HttpOptions(
        address_rates=AddressRates(
            capacity=PLENTY,
            refill_per_second=PLENTY,
            sign_in_capacity=PLENTY,
            sign_in_refill_per_second=PLENTY,
        ),
        max_requests_in_progress=PLENTY,
    )
    app = create_app(http, options, [router], lifespan)
    config = uvicorn.Config(
        app, uds=socket, log_config=None, access_log=False, backlog=4096, lifespan="on", ws="none"
    )
    await uvicorn.Server(config).serve()


async def tick(stream: RedisRunEventStream, run_id: WorkflowRunId, interval: float) -> None:
    """The owner of one run."""
    lease = Lease(tenant_id=TENANT, run_id=run_id, owner="api", token=1)
    writer = stream.open(lease)
    writer.write([StreamEntry(1, 1, 0, "run.started", "{}")])
    # Runs do not speak in unison.
    await asyncio.sleep(run_id.int % 50 / 50 * interval)
    number = 0
    offset = 0
    while True:
        number += 1
        text = f"{perf_counter():.6f} "
        writer.write([StreamEntry(1, 1, number, "message.delta", text, offset)])
        offset += len(text)
        await asyncio.sleep(interval)


class Reader:
    """One client; it counts what it gets and what it misses."""

    def __init__(self) -> None:
        self.first = 0
        self.last = 0
        self.lost = 0
        self.events = 0
        self.delays: list[float] = []
        self.failure = ""

    async def read(self, socket: str, run_id: WorkflowRunId, opened: asyncio.Semaphore) -> None:
        """Read until cancelled."""
        async with opened:
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(
                f"GET /v1/runs/{run_id}/events HTTP/1.1\r\nHost: x\r\n"
                "Authorization: Bearer good\r\n\r\n".encode()
            )
            status = await reader.readline()
            if b" 200 " not in status:
                self.failure = status.decode()
                return
        async for name, value in _fields(reader):
            if name == b"id":
                self._count(int(value.partition(b".")[2]))
            elif name == b"event" and value in (b"error", b"done"):
                self.failure = value.decode()
            elif name == b"data" and self.last > self.first + 2:
                sent = json.loads(value).get("text")
                if sent:
                    self.delays.append(perf_counter() - float(sent))

    def _count(self, number: int) -> None:
        if number == 0:
            return
        self.events += 1
        if self.first == 0:
            self.first = number
        elif number != self.last + 1:
            self.lost += number - self.last - 1
        self.last = number


async def _fields(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    while line := await reader.readline():
        name, colon, value = line.rstrip(b"\r\n").partition(b": ")
        if colon:
            yield name, value


async def measure(readers: int, runs: int, seconds: float, interval: float) -> dict[str, float]:
    """Connect everybody, listen, and look at what it took."""
    with tempfile.TemporaryDirectory() as folder:
        valkey = ValkeyServer(Path(folder) / "valkey", appendfsync="no")
        await valkey.start()
        socket = f"{folder}/api.sock"
        server = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.stream_readers",
            "--serve", socket, "--redis", valkey.url, "--runs", str(runs),
            "--interval", str(interval),
        )  # fmt: skip
        try:
            return await _measure(psutil.Process(server.pid), socket, readers, runs, seconds)
        finally:
            server.kill()
            await server.wait()
            valkey.kill()


async def _measure(
    server: psutil.Process, socket: str, count: int, runs: int, seconds: float
) -> dict[str, float]:
    await _until_it_answers(socket)
    ids = run_ids(runs)
    opened = asyncio.Semaphore(_CONNECTING_AT_ONCE)
    await _listen(socket, ids, [Reader() for _ in range(200)], opened, seconds=1)
    before = _memory(server)
    readers = [Reader() for _ in range(count)]
    began = perf_counter()
    tasks = [
        asyncio.create_task(reader.read(socket, ids[number % runs], opened))
        for number, reader in enumerate(readers)
    ]
    for _ in range(_PATIENCE):
        if all(reader.events or reader.failure for reader in readers):
            break
        await asyncio.sleep(0.1)
    connected = perf_counter() - began
    cpu = _cpu(server)
    events = sum(reader.events for reader in readers)
    began = perf_counter()
    await asyncio.sleep(seconds)
    took = perf_counter() - began
    cpu = _cpu(server) - cpu
    events = sum(reader.events for reader in readers) - events
    memory = _memory(server) - before
    await _stop(tasks)
    delays = sorted(delay for reader in readers for delay in reader.delays)
    return {
        "readers": count,
        "runs": runs,
        "connect_seconds": round(connected, 2),
        "events_per_second": round(events / took, 1),
        "lost": sum(reader.lost for reader in readers),
        "failed": sum(bool(reader.failure) for reader in readers),
        "kb_per_reader": round(memory / count / 1000, 1),
        "cpu_percent": round(100 * cpu / took, 1),
        "cpu_us_per_event": round(1e6 * cpu / max(events, 1), 1),
        "delay_p50_ms": round(1000 * delays[len(delays) // 2], 2) if delays else -1,
        "delay_p99_ms": round(1000 * delays[len(delays) * 99 // 100], 2) if delays else -1,
    }


async def _until_it_answers(socket: str) -> None:
    for _ in range(_PATIENCE):
        try:
            _, writer = await asyncio.open_unix_connection(socket)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    sys.exit("the server did not come up")


async def _listen(
    socket: str,
    ids: Sequence[WorkflowRunId],
    readers: Sequence[Reader],
    opened: asyncio.Semaphore,
    *,
    seconds: float,
) -> None:
    tasks = [
        asyncio.create_task(reader.read(socket, ids[number % len(ids)], opened))
        for number, reader in enumerate(readers)
    ]
    await asyncio.sleep(seconds)
    await _stop(tasks)
    await asyncio.sleep(1)


async def _stop(tasks: Sequence["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _memory(process: psutil.Process) -> int:
    return int(process.memory_full_info().uss)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure, say what came out, and fail when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="500 readers for 5 seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--readers", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--interval", type=float, default=1, help="seconds between two events")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--redis", help=argparse.SUPPRESS)
    options = parser.parse_args()
    raise_file_limit()
    if options.serve:
        uvloop.run(serve(options.serve, options.redis, options.runs, options.interval))
        return
    readers, seconds = (500, 5.0) if options.quick else (options.readers, options.seconds)
    figures = uvloop.run(measure(readers, options.runs, seconds, options.interval))
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name:>20}  {figure}")
    missed = figures["lost"] or figures["failed"] or figures["kb_per_reader"] > LIMIT_KB
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
