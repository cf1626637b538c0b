"""A tenant that has all running that it may, and another that wants one thing done.

How much longer the other waits is measured in `benchmarks/sandbox.py`; here is what keeps it short.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil

from dify_hex.application.shared.code_sandbox import CodeLimits
from tests.integration.sandbox.running_sandbox import RunningSandbox, another_tenant

SUM = "def main(a, b):\n    return {'sum': a + b}"
SPIN = "def main():\n    while True: pass\n"
#: Not as long as it takes until what runs alone gives way.
SHORT = (
    "import time\ndef main():\n    end = time.monotonic() + 0.2\n"
    "    while time.monotonic() < end: pass\n    return {}\n"
)
CALLERS = 40
#: What the zygote gives to a cell that others shall overtake.
GIVEN_WAY = 10


@asynccontextmanager
async def flooded(sandbox: RunningSandbox, code: str) -> AsyncIterator[list[asyncio.Task[None]]]:
    """One tenant has all running that it may have, and much more in line."""

    async def run_on() -> None:
        while True:
            await sandbox.run(code, limits=CodeLimits(seconds=120))

    flood = [asyncio.create_task(run_on()) for _ in range(CALLERS)]
    while (standing := await sandbox.client.standing())["waiting"] < CALLERS // 2:
        assert standing["running"] <= standing["places"]
        await asyncio.sleep(0.02)
    yield flood
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


def cells_at_work(sandbox: RunningSandbox, *, seconds: float = 0.02) -> dict[int, int]:
    """The niceness of every cell that has worked for so long, by its process number."""
    service = psutil.Process(sandbox.process.pid)
    found: dict[int, int] = {}
    for zygote in service.children():
        for cell in zygote.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                # The one that stands ready for the next execution has done next to nothing.
                if cell.cpu_times().user >= seconds:
                    found[cell.pid] = cell.nice()
    return found


async def test_another_tenant_waits_for_none_of_a_flood_of_endless_executions(
    sandbox: RunningSandbox,
) -> None:
    async with flooded(sandbox, SPIN) as flood:
        for _ in range(10):
            outputs = (await sandbox.run(SUM, tenant=another_tenant(), a=1, b=2)).outputs
            assert outputs == {"sum": 3}

        # None of the flood has ended meanwhile.
        assert not any(task.done() for task in flood)


async def test_a_flood_leaves_places_for_whoever_comes(sandbox: RunningSandbox) -> None:
    async with flooded(sandbox, SPIN):
        standing = await sandbox.client.standing()
        while standing["waiting"] + standing["running"] != CALLERS:
            await asyncio.sleep(0.02)
            standing = await sandbox.client.standing()

        assert standing["running"] == standing["places"] // 2


async def test_the_endless_executions_of_a_flood_give_way(sandbox: RunningSandbox) -> None:
    async with flooded(sandbox, SPIN):
        places = (await sandbox.client.standing())["places"]
        while list(cells_at_work(sandbox).values()).count(GIVEN_WAY) < places // 2:  # noqa: ASYNC110 - the processes are looked at
            await asyncio.sleep(0.02)


async def test_short_executions_of_a_flood_give_way_before_their_first_quarter_of_a_second(
    sandbox: RunningSandbox,
) -> None:
    seen: dict[int, int] = {}
    async with flooded(sandbox, SHORT):
        while list(seen.values()).count(GIVEN_WAY) < 5:
            seen |= cells_at_work(sandbox)
            await asyncio.sleep(0.01)


async def test_the_only_execution_of_a_tenant_gives_no_way_at_first(
    sandbox: RunningSandbox,
) -> None:
    seen: set[int] = set()
    for _ in range(20):
        running = asyncio.create_task(sandbox.run(SHORT, tenant=another_tenant()))
        while not running.done():
            seen |= set(cells_at_work(sandbox, seconds=0.06).values())
            await asyncio.sleep(0.005)
        await running

    assert psutil.Process().nice() in seen
