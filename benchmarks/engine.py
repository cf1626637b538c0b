"""The engine alone, against plain asyncio and other engines, on five workloads.

Nothing is stored, every event is produced. All engines take turns on the same machine, each in a
process of its own, and what comes out is compared with what has to.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median

from benchmarks.database import Database, database
from benchmarks.engines.environments import (
    GRAPHON,
    LANGGRAPH,
    PYDANTIC_GRAPH,
    EngineProcess,
    Unavailable,
    own_engine,
    peer,
    plain_asyncio,
    started,
)
from benchmarks.engines.workloads import ALL, Workload
from benchmarks.figures import Figure, Report, run_alone

#: Milliseconds that are aimed at, by workload.
_AIMS = {"chain": 5.0, "parallel": 3.0, "iteration": 75.0, "branches": 25.0, "waits": 130.0}
#: Graphs ten and five times as large, and by how much a node may cost more in them.
_GROWTH = {
    "chain": (Workload("chain", 100), Workload("chain", 1000)),
    "iteration": (Workload("iteration", 1000), Workload("iteration", 5000)),
}
_MAY_GROW = 1.25
_GROWTH_TURNS = 15
#: Engines that take longer than this for a workload get fewer turns, in milliseconds.
_SLOW = 1000.0

#: The milliseconds of each turn, by workload and engine.
Turns = dict[Workload, dict[str, list[float]]]


def measure(options: argparse.Namespace) -> Report:
    """Rounds in which every engine does everything once; the first round only warms up."""
    rounds = 3 if options.quick else 12
    turns: Turns = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        ours = stack.enter_context(started(own_engine))
        others = _others(stack)
        for number in range(rounds + 1):
            for workload in ALL:
                for engine in (ours, *others):
                    _take_turn(turns, engine, workload, number)
        growth = [_growth(ours, name) for name in _GROWTH]
    figures = [figure for workload in ALL for figure in _figures(workload, turns[workload])]
    return Report(
        title="Engine alone, nothing stored, all events produced; wall time, median",
        figures=(*figures, *growth),
    )


def _others(stack: ExitStack) -> list[EngineProcess]:
    place: Database = stack.enter_context(database())
    makers: list[tuple[str, Callable[[], EngineProcess]]] = [
        (name, peer(name, environment, module, on))
        for name, environment, module, on in (
            ("pydantic-graph", PYDANTIC_GRAPH, "pydantic_graph_engine", ""),
            ("LangGraph", LANGGRAPH, "langgraph_engine", ""),
            ("graphon", GRAPHON, "graphon_engine", ""),
            ("LangGraph on PostgreSQL", LANGGRAPH, "langgraph_engine", place.for_peers()),
        )
    ]
    found = [stack.enter_context(started(plain_asyncio))]
    for name, make in makers:
        try:
            found.append(stack.enter_context(started(make)))
        except Unavailable as reason:
            sys.stderr.write(f"{name} is left out: {reason}\n")
    return found


def _take_turn(turns: Turns, engine: EngineProcess, workload: Workload, number: int) -> None:
    taken = turns[workload][engine.name]
    if taken and taken[-1] > _SLOW and number % 4:
        return
    milliseconds = engine.execute(workload)["milliseconds"]
    if number > 0:
        taken.append(milliseconds)


def _figures(workload: Workload, taken: dict[str, list[float]]) -> Iterator[Figure]:
    own, *others = taken
    medians = {name: median(taken[name]) for name in taken}
    told = ", ".join(f"{name} {_short(medians[name])}" for name in others)
    yield Figure(
        name=workload.title,
        value=medians[own],
        unit="ms",
        target=_AIMS[workload.name],
        note=f"at best {_short(min(taken[own]))}; {told}",
    )
    peers = [name for name in others if name != "plain asyncio"]
    if peers:
        fastest = min(peers, key=medians.__getitem__)
        yield Figure(
            name="— ahead of the fastest of the others",
            value=medians[fastest] / medians[own],
            unit="times",
            target=1.0,
            sense="least",
            note=fastest,
        )


def _growth(engine: EngineProcess, name: str) -> Figure:
    small, large = _GROWTH[name]
    each: dict[Workload, list[float]] = {small: [], large: []}
    for _ in range(_GROWTH_TURNS):
        for workload, found in each.items():
            found.append(engine.execute(workload)["cpu_milliseconds"] / workload.size)
    # Disturbances only ever add, so that the least is the nearest to the truth.
    before, after = (min(found[1:]) for found in each.values())
    return Figure(
        name=f"a node of {large.title}, against {small.size:,}",
        value=after / before,
        unit="times",
        target=_MAY_GROW,
        note=f"{1000 * after:.0f} µs of CPU time, against {1000 * before:.0f} µs",
    )


def _short(milliseconds: float) -> str:
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.2g}"


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
