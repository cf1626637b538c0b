"""LangGraph, without a saver or with its PostgreSQL saver; runs in an environment of its own."""

import asyncio
import itertools
import operator
import os
from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from benchmarks.engines.serving import DATABASE, Execute, Prepare, serve
from benchmarks.engines.workloads import (
    EFFECT_RUNS,
    THRESHOLD,
    WAIT,
    branch_text,
    chain_link,
    high,
    item_text,
    joined,
    low,
)


class Line(TypedDict, total=False):
    """The state of graphs in which one node follows another."""

    x: Any
    output: str


class Many(TypedDict, total=False):
    """The state of graphs in which many nodes add to one list."""

    x: Any
    found: Annotated[list[tuple[int, str]], operator.add]
    output: Any


class Engine:
    """Compiles each graph once, as its users do."""

    def __init__(self, saver: AsyncPostgresSaver | None) -> None:
        self._saver = saver
        self._threads = itertools.count()

    def prepares(self) -> Mapping[str, Prepare]:
        """The workloads."""
        return {
            "chain": self._chain,
            "parallel": self._parallel,
            "iteration": self._iteration,
            "branches": self._branches,
            "waits": self._waits,
            "effects": self._effects,
        }

    async def run(self, compiled: Any, given: Mapping[str, Any], **more: Any) -> Any:
        """What one run puts out."""
        config: dict[str, Any] = {"recursion_limit": 5000}
        if self._saver is not None:
            config["configurable"] = {"thread_id": f"{id(self)}-{next(self._threads)}"}
        result = await compiled.ainvoke(dict(given), config, **more)
        return result["output"]

    def wait(self, seconds: float, nodes: int = 1) -> Any:
        """A graph of nodes that wait, one after the other."""

        async def node(_: Line) -> Line:
            await asyncio.sleep(seconds)
            return {"output": "done"}

        builder = StateGraph(Line)
        names = [START, *(f"w{index}" for index in range(nodes)), END]
        for name in names[1:-1]:
            builder.add_node(name, node)
        for pair in itertools.pairwise(names):
            builder.add_edge(*pair)
        return self._compiled(builder)

    def _compiled(self, builder: Any) -> Any:
        return builder.compile(checkpointer=self._saver)

    def _chain(self, size: int) -> Execute:
        async def node(state: Line) -> Line:
            return {"output": chain_link(state.get("output") or state["x"])}

        builder = StateGraph(Line)
        names = [START, *(f"t{index}" for index in range(size)), END]
        for name in names[1:-1]:
            builder.add_node(name, node)
        for pair in itertools.pairwise(names):
            builder.add_edge(*pair)
        compiled = self._compiled(builder)
        return lambda: self.run(compiled, {"x": "a"})

    def _parallel(self, size: int) -> Execute:
        def branch(index: int) -> Any:
            async def node(state: Many) -> Many:
                return {"found": [(index, branch_text(state["x"], index))]}

            return node

        async def join(state: Many) -> Many:
            return {"output": joined([text for _, text in sorted(state["found"])])}

        builder = StateGraph(Many)
        names = [f"t{index}" for index in range(size)]
        for index, name in enumerate(names):
            builder.add_node(name, branch(index))
            builder.add_edge(START, name)
        builder.add_node("join", join)
        builder.add_edge(names, "join")
        builder.add_edge("join", END)
        compiled = self._compiled(builder)
        return lambda: self.run(compiled, {"x": "a"})

    def _iteration(self, size: int) -> Execute:
        async def node(state: Mapping[str, int]) -> Many:
            item = state["item"]
            return {"found": [(item, item_text(item))]}

        async def collect(state: Many) -> Many:
            return {"output": [text for _, text in sorted(state["found"])]}

        def send(state: Many) -> list[Send]:
            return [Send("node", {"item": item}) for item in state["x"]]

        builder = StateGraph(Many)
        builder.add_node("node", node)
        builder.add_node("collect", collect)
        builder.add_conditional_edges(START, send, ["node"])
        builder.add_edge("node", "collect")
        builder.add_edge("collect", END)
        compiled = self._compiled(builder)
        return lambda: self.run(compiled, {"x": list(range(size))})

    def _branches(self, size: int) -> Execute:
        async def begin(state: Line) -> Line:
            return {"x": state["x"]}

        async def when_high(state: Line) -> Line:
            return {"output": high(state["x"])}

        async def when_low(state: Line) -> Line:
            return {"output": low(state["x"])}

        async def finish(state: Line) -> Line:
            return {"output": state["output"]}

        builder = StateGraph(Line)
        for name, node in (("if", begin), ("high", when_high), ("low", when_low), ("end", finish)):
            builder.add_node(name, node)
        builder.add_edge(START, "if")
        builder.add_conditional_edges(
            "if", lambda state: "high" if state["x"] > THRESHOLD else "low", ["high", "low"]
        )
        builder.add_edge("high", "end")
        builder.add_edge("low", "end")
        builder.add_edge("end", END)
        compiled = self._compiled(builder)

        async def execute() -> list[Any]:
            return [await self.run(compiled, {"x": number}) for number in range(size)]

        return execute

    def _waits(self, size: int) -> Execute:
        compiled = self.wait(WAIT)

        async def execute() -> list[Any]:
            return list(await asyncio.gather(*(self.run(compiled, {}) for _ in range(size))))

        return execute

    def _effects(self, size: int) -> Execute:
        compiled = self.wait(0, nodes=size)

        async def execute() -> list[Any]:
            # What a node has done is stored before the next one begins.
            runs = (self.run(compiled, {}, durability="sync") for _ in range(EFFECT_RUNS))
            return list(await asyncio.gather(*runs))

        return execute


async def _serve(database: str) -> None:
    if not database:
        await serve(Engine(None).prepares())
        return
    # One connection, as its guide shows it: with a pool of them it is slower, for its lock lets
    # only one of them work at a time.
    async with AsyncPostgresSaver.from_conn_string(database) as saver:
        await saver.setup()
        await serve(Engine(saver).prepares())


if __name__ == "__main__":
    asyncio.run(_serve(os.environ.get(DATABASE, "")))
