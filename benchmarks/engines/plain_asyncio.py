"""The same work with nothing but asyncio: no graph, no state, no events; the floor."""

import asyncio
from collections.abc import Mapping

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


def _chain(size: int) -> Execute:
    async def node(text: str) -> str:
        return chain_link(text)

    async def execute() -> str:
        text = "a"
        for _ in range(size):
            text = await asyncio.create_task(node(text))
        return text

    return execute


def _parallel(size: int) -> Execute:
    async def node(index: int) -> str:
        return branch_text("a", index)

    async def execute() -> str:
        return joined(await asyncio.gather(*(node(index) for index in range(size))))

    return execute


def _iteration(size: int) -> Execute:
    async def node(item: int) -> str:
        return item_text(item)

    async def execute() -> list[str]:
        return [await asyncio.create_task(node(item)) for item in range(size)]

    return execute


def _branches(size: int) -> Execute:
    async def node(number: int) -> str:
        return high(number) if number > THRESHOLD else low(number)

    async def execute() -> list[str]:
        return [await asyncio.create_task(node(number)) for number in range(size)]

    return execute


def _waits(size: int) -> Execute:
    async def run() -> str:
        await asyncio.sleep(WAIT)
        return "done"

    async def execute() -> list[str]:
        return list(await asyncio.gather(*(run() for _ in range(size))))

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
