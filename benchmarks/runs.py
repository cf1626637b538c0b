"""Runs that are recorded: committed steps, and workflows over HTTP as `make run` serves them.

The first part drives the engine on PostgreSQL, each step committed before the next begins, beside
LangGraph with its own saver on the same server. The rest sends requests to one API process.
"""

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

import asyncpg
import uvloop

from benchmarks.database import Database, database
from benchmarks.engines.environments import (
    LANGGRAPH,
    EngineProcess,
    Unavailable,
    own_strict_engine,
    peer,
    started,
)
from benchmarks.engines.workloads import EFFECT_RUNS, Workload
from benchmarks.figures import Figure, Report, percentile, run_alone
from benchmarks.flows import Flow, make_flow
from benchmarks.load import Load, closed_loop
from benchmarks.processes import cpu_seconds, resident_bytes
from benchmarks.stage import Stage, stage
from benchmarks.wire import Address, Connection, connect

_STEPS_PER_SECOND, _TIMES_LANGGRAPH = 6000, 25
#: What many disks of a data centre need to make a commit safe, in seconds.
_SLOW_DISK = 0.008
_OFFERED = 60
_FIRST_RUNS, _RUNS_IN_ALL, _RUNS_IN_ALL_QUICK = 1000, 100_000, 4000
_MEMORY_MAY_GROW = 5.0
_MAX_CALLERS, _MAX_CALLERS_QUICK = (16, 32, 64), (32,)
#: What the scheduler of the operating system and the allocator need to settle.
_SETTLING = 3.0


def measure(options: argparse.Namespace) -> Report:
    """Steps, then requests, then very many of them."""
    figures = list(_strict_steps(is_quick=options.quick))
    with stage() as product:
        ten = make_flow(product, "Ten nodes", templates=10)
        echo = make_flow(product, "Echo", templates=1)
        figures += _ten_nodes(product, ten, 5.0 if options.quick else 20.0)
        figures += _offered_echo(product, echo, 10.0 if options.quick else 30.0)
        figures += _at_most(product, echo, is_quick=options.quick)
    # On a stage of its own: more callers at once are more connections, whatever came of their runs.
    with stage() as product:
        echo = make_flow(product, "Echo", templates=1)
        runs = _RUNS_IN_ALL_QUICK if options.quick else _RUNS_IN_ALL
        before = _memory_after(product, echo, _FIRST_RUNS)
        after = _memory_after(product, echo, runs - _FIRST_RUNS)
        figures.append(_memory(before, after, runs))
        echo.check_recorded()
    return Report(title="Recorded runs, durability strict", figures=tuple(figures))


def _strict_steps(*, is_quick: bool) -> Iterator[Figure]:
    size, turns = (30, 2) if is_quick else (100, 4)
    with database() as place, ExitStack() as stack:
        ours = stack.enter_context(started(lambda: own_strict_engine(str(place.urls.application))))
        engines = [ours, *_langgraph(stack, place)]
        _steps_on(place, engines, 10, 1)
        here = _steps_on(place, engines, size, turns)
        asyncio.run(place.slow_down(_SLOW_DISK))
        slow = _steps_on(place, engines, *((10, 1) if is_quick else (20, 2)))
    yield Figure(
        name=f"steps, {EFFECT_RUNS} runs at once, each node an effect",
        value=here.own,
        unit="/s",
        target=_STEPS_PER_SECOND,
        sense="least",
        note=f"{here.events:,.0f} events/s, {here.commits}; births and ends of the runs included",
    )
    yield from here.against_langgraph(_TIMES_LANGGRAPH)
    yield Figure(
        name=f"— where commits take {1000 * _SLOW_DISK:.0f} ms longer",
        value=slow.own,
        unit="/s",
        note=slow.commits,
    )
    yield from slow.against_langgraph(_TIMES_LANGGRAPH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Steps a second of this engine, and of LangGraph where it was measured."""

    own: float
    langgraph: float | None
    events: float
    commits: str

    def against_langgraph(self, target: float) -> Iterator[Figure]:
        """How many times as fast."""
        if self.langgraph is not None:
            yield Figure(
                name="— against LangGraph's PostgreSQL saver",
                value=self.own / self.langgraph,
                unit="times",
                target=target,
                sense="least",
                note=f"it commits {self.langgraph:,.0f} steps/s",
            )


def _steps_on(place: Database, engines: list[EngineProcess], size: int, turns: int) -> Steps:
    """All engines take turns."""
    commits = uvloop.run(_commit_latencies(place))
    workload, steps = Workload("effects", size), EFFECT_RUNS * size
    taken: dict[str, list[float]] = defaultdict(list)
    events = 0.0
    for _ in range(turns):
        for engine in engines:
            found = engine.execute(workload)
            events = max(events, found["events"])
            taken[engine.name].append(steps / found["milliseconds"] * 1000)
    own, *others = (median(taken[engine.name]) for engine in engines)
    return Steps(
        own=own,
        langgraph=others[0] if others else None,
        events=own * events / steps,
        commits=f"a commit of one row p50 {1000 * percentile(commits, 0.5):.2f} ms, "
        f"p99 {1000 * percentile(commits, 0.99):.1f} ms",
    )


def _langgraph(stack: ExitStack, place: Database) -> list[EngineProcess]:
    name = "LangGraph on PostgreSQL"
    try:
        make = peer(name, LANGGRAPH, "langgraph_engine", place.for_peers())
        return [stack.enter_context(started(make))]
    except Unavailable as reason:
        sys.stderr.write(f"{name} is left out: {reason}\n")
        return []


async def _commit_latencies(place: Database) -> list[float]:
    connection = await asyncpg.connect(place.superuser_dsn())
    found = []
    try:
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.execute("CREATE TABLE IF NOT EXISTS commit_probe (n int)")
        for number in range(300):
            began = time.perf_counter()
            await connection.execute("INSERT INTO commit_probe VALUES ($1)", number)
            found.append(time.perf_counter() - began)
        await connection.execute("DROP TABLE commit_probe")
    finally:
        await connection.close()
    return found


def _ten_nodes(product: Stage, flow: Flow, seconds: float) -> Iterator[Figure]:
    load, cpu = _closed(product, flow.request("blocking"), callers=8, seconds=seconds)
    yield Figure(
        name="a workflow of ten templates, 8 callers",
        value=load.per_second,
        unit="runs/s",
        target=150,
        sense="least",
        note=f"API CPU per run {1000 * cpu:.1f} ms",
    )
    yield Figure(
        name="— latency p99",
        value=load.milliseconds(0.99),
        unit="ms",
        target=120,
        note=f"p50 {load.milliseconds(0.5):.0f} ms",
    )


def _offered_echo(product: Stage, flow: Flow, seconds: float) -> Iterator[Figure]:
    offered = uvloop.run(
        _offer(product.address, flow.request("stream"), rate=_OFFERED, seconds=seconds)
    )
    assert not offered.refused, (offered.refused, offered.sample)
    for name, values, target in (
        ("first byte", offered.first_bytes, 100.0),
        ("whole", offered.wholes, 200.0),
    ):
        yield Figure(
            name=f"a 3-node echo, streamed, {_OFFERED} runs/s offered: {name} p99",
            value=1000 * percentile(values, 0.99),
            unit="ms",
            target=target,
            note=f"p50 {1000 * percentile(values, 0.5):.0f} ms, {len(values):,} runs",
        )


def _at_most(product: Stage, flow: Flow, *, is_quick: bool) -> Iterator[Figure]:
    found = []
    for callers in _MAX_CALLERS_QUICK if is_quick else _MAX_CALLERS:
        load, cpu = _closed(
            product, flow.request("blocking"), callers=callers, seconds=5.0 if is_quick else 10.0
        )
        found.append((load.per_second, callers, load.milliseconds(0.99), cpu))
    best, callers, slowest, cpu = max(found)
    yield Figure(
        name="the echo, at the most",
        value=best,
        unit="runs/s",
        note=f"{callers} callers, p99 {slowest:.0f} ms, API CPU per run {1000 * cpu:.1f} ms",
    )


def _memory_after(product: Stage, flow: Flow, runs: int) -> int:
    """Bytes that the process has once it has executed so many more runs, and rests.

    What it shares with the worker counts in full: which of it is still shared changes with what the
    worker writes to.
    """
    uvloop.run(_send_many(product.address, flow.request("blocking"), runs))
    time.sleep(_SETTLING)
    return resident_bytes(product.api_pid)


def _memory(before: int, after: int, runs: int) -> Figure:
    return Figure(
        name=f"memory of the API after {runs:,} runs, against after the first {_FIRST_RUNS:,}",
        value=100 * (after - before) / before,
        unit="% more",
        target=_MEMORY_MAY_GROW,
        note=f"{before / 1e6:.0f} MB, then {after / 1e6:.0f} MB",
    )


def _closed(product: Stage, request: bytes, *, callers: int, seconds: float) -> tuple[Load, float]:
    """What so many callers got, and the CPU seconds of the API per run."""
    before, began = cpu_seconds(product.api_pid), time.perf_counter()
    load = uvloop.run(
        closed_loop(product.address, lambda: request, callers=callers, seconds=seconds)
    )
    share = seconds / (time.perf_counter() - began)
    cpu = (cpu_seconds(product.api_pid) - before) * share
    assert not load.refused, (load.refused, load.sample)
    return load, cpu / len(load.latencies)


@dataclass(slots=True)
class Offered:
    """What came of requests that were sent whether or not others had been answered; in seconds."""

    first_bytes: list[float] = field(default_factory=list)
    wholes: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    sample: bytes = b""


async def _offer(address: Address, request: bytes, *, rate: float, seconds: float) -> Offered:
    """One request after another at a fixed pace; each counts from when it was due."""
    offered, idle = Offered(), list[Connection]()
    began = time.perf_counter() + 0.1
    async with asyncio.TaskGroup() as group:
        for number in range(round(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(_send_one(address, request, due, offered, idle))
    return offered


async def _send_one(
    address: Address, request: bytes, due: float, offered: Offered, idle: list[Connection]
) -> None:
    connection = idle.pop() if idle else await connect(address)
    first: list[float] = []

    def take(_: bytes) -> None:
        if not first:
            first.append(time.perf_counter() - due)

    answer = await connection.send(request, take)
    if answer.status == 200 and first:
        offered.first_bytes += first
        offered.wholes.append(time.perf_counter() - due)
    else:
        offered.refused.append(answer.status)
        offered.sample = answer.body
    idle.append(connection)


async def _send_many(address: Address, request: bytes, runs: int, callers: int = 16) -> None:
    """So many requests, a few at a time."""
    remaining = iter(range(runs))

    async def call() -> None:
        connection = await connect(address)
        for _ in remaining:
            answer = await connection.send(request)
            assert answer.status == 200, answer.body
        connection.close()

    await asyncio.gather(*(call() for _ in range(callers)))


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
