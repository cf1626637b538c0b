"""pydantic-graph, with the builder of its parallel graphs; runs in an environment of its own."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any, Literal

from pydantic_graph import GraphBuilder, StepContext, TypeExpression, reduce_list_append

from benchmarks.engines.serving import Execute, Prepare, serve
from benchmarks.engines.workloads import (
    THRESHOLD,
    WAIT,
    branch_text,
    chain_link,
    high,
    item_text,
    joined,
    low,
)

Found = list[tuple[int, str]]


def _chain(size: int) -> Execute:
    builder: Any = GraphBuilder(input_type=str, output_type=str)

    async def node(context: StepContext[None, None, str]) -> str:
        return chain_link(context.inputs)

    steps = [builder.step(node, node_id=f"t{index}") for index in range(size)]
    places = [builder.start_node, *steps, builder.end_node]
    builder.add(
        *(builder.edge_from(before).to(after) for before, after in itertools.pairwise(places))
    )
    graph = builder.build()
    return lambda: graph.run(inputs="a")


def _parallel(size: int) -> Execute:
    builder: Any = GraphBuilder(input_type=str, output_type=str)

    def branch(index: int) -> Any:
        async def node(context: StepContext[None, None, str]) -> tuple[int, str]:
            return index, branch_text(context.inputs, index)

        return builder.step(node, node_id=f"t{index}")

    async def together(context: StepContext[None, None, Found]) -> str:
        return joined([text for _, text in sorted(context.inputs)])

    steps = [branch(index) for index in range(size)]
    last = builder.step(together, node_id="together")
    join = builder.join(reduce_list_append, initial_factory=list)
    builder.add(
        builder.edge_from(builder.start_node).to(*steps),
        builder.edge_from(*steps).to(join),
        builder.edge_from(join).to(last),
        builder.edge_from(last).to(builder.end_node),
    )
    graph = builder.build()
    return lambda: graph.run(inputs="a")


def _iteration(size: int) -> Execute:
    builder: Any = GraphBuilder(input_type=list[int], output_type=list[str])

    async def node(context: StepContext[None, None, int]) -> tuple[int, str]:
        return context.inputs, item_text(context.inputs)

    async def ordered(context: StepContext[None, None, Found]) -> list[str]:
        return [text for _, text in sorted(context.inputs)]

    step, last = builder.step(node, node_id="node"), builder.step(ordered, node_id="ordered")
    join = builder.join(reduce_list_append, initial_factory=list)
    builder.add(
        builder.edge_from(builder.start_node).map().to(step),
        builder.edge_from(step).to(join),
        builder.edge_from(join).to(last),
        builder.edge_from(last).to(builder.end_node),
    )
    graph = builder.build()
    return lambda: graph.run(inputs=list(range(size)))


def _branches(size: int) -> Execute:
    builder: Any = GraphBuilder(state_type=dict, input_type=int, output_type=str)

    async def choose(context: Any) -> Literal["high", "low"]:
        context.state["x"] = context.inputs
        return "high" if context.inputs > THRESHOLD else "low"

    async def when_high(context: Any) -> str:
        return high(context.state["x"])

    async def when_low(context: Any) -> str:
        return low(context.state["x"])

    async def finish(context: StepContext[None, None, str]) -> str:
        return context.inputs

    first = builder.step(choose, node_id="if")
    one, other = builder.step(when_high, node_id="high"), builder.step(when_low, node_id="low")
    last = builder.step(finish, node_id="end")
    ways = (
        builder.decision()
        .branch(builder.match(TypeExpression[Literal["high"]]).to(one))
        .branch(builder.match(TypeExpression[Literal["low"]]).to(other))
    )
    builder.add(
        builder.edge_from(builder.start_node).to(first),
        builder.edge_from(first).to(ways),
        builder.edge_from(one, other).to(last),
        builder.edge_from(last).to(builder.end_node),
    )
    graph = builder.build()

    async def execute() -> list[str]:
        return [await graph.run(inputs=number, state={}) for number in range(size)]

    return execute


def _waits(size: int) -> Execute:
    builder: Any = GraphBuilder(output_type=str)

    async def node(_: StepContext[None, None, None]) -> str:
        await asyncio.sleep(WAIT)
        return "done"

    step = builder.step(node, node_id="wait")
    builder.add(
        builder.edge_from(builder.start_node).to(step),
        builder.edge_from(step).to(builder.end_node),
    )
    graph = builder.build()

    async def execute() -> list[str]:
        return list(await asyncio.gather(*(graph.run() for _ in range(size))))

    return execute


PREPARES: Mapping[str, Prepare] = {
    "chain": _chain,
    "parallel": _parallel,
    "iteration": _iteration,
    "branches": _branches,
    "waits": _waits,
}

if __name__ == "__main__":
    asyncio.run(serve(PREPARES))
