"""What each engine's process does: wait for a workload, execute it, tell how long it took.

Standard library only, for it runs in the engines' own environments. A line of JSON asks for a
workload, `{"name": …, "size": …}`, and a line answers, `{"milliseconds": …, "cpu_milliseconds": …,
"events": …}`.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from benchmarks.engines.workloads import Workload, expected

#: The environment variable that names the database, for engines that store something.
DATABASE = "BENCHMARK_DATABASE"

#: Executes what was prepared once, and returns what came out.
Execute = Callable[[], Awaitable[Any]]
#: Prepares a workload of a size; graphs are made here, and not while time is taken.
Prepare = Callable[[int], Execute]


class Events:
    """Counts what an engine tells while it runs, where it tells anything."""

    def __init__(self) -> None:
        self.count = 0

    def take(self, _: object) -> None:
        """Another one."""
        self.count += 1


async def serve(
    prepares: Mapping[str, Prepare], events: Events | None = None, *, keeps: bool = True
) -> None:
    """Answer until there are no more questions.

    Where it `keeps` them, a workload is prepared when it is asked for first, and never again.
    """
    loop = asyncio.get_running_loop()
    _settle_memory()
    kept: dict[Workload, Execute] = {}
    _tell({"ready": True})
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        workload = Workload(asked["name"], asked["size"])
        execute = kept.get(workload) or prepares[workload.name](workload.size)
        if keeps:
            kept[workload] = execute
        _tell(await measured(execute, workload, events))


async def measured(
    execute: Execute, workload: Workload, events: Events | None = None
) -> dict[str, float]:
    """One execution, its result compared with what it has to be."""
    before = 0 if events is None else events.count
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    found = await execute()
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    if found != expected(workload):
        raise AssertionError(f"{workload.title}: {str(found)[:400]}")
    told = 0 if events is None else events.count - before
    return {"milliseconds": 1000 * took, "cpu_milliseconds": 1000 * cpu, "events": told}


def _settle_memory() -> None:
    """Spare the collector what stays until the end, as servers do; the same for every engine."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 25, 50)


def _tell(answer: Mapping[str, object]) -> None:
    print(json.dumps(answer), flush=True)
