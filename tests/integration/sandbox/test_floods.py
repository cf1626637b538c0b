"""A tenant that has all running that it may, and another that wants one thing done."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from dify_hex.application.shared.code_sandbox import CodeLimits
from dify_hex.domain.shared.ids import TenantId
from tests.integration.sandbox.running_sandbox import RunningSandbox, another_tenant

SUM = "def main(a, b):\n    return {'sum': a + b}"
SPIN = "def main():\n    while True: pass\n"
BURST = (
    "import time\ndef main():\n    end = time.monotonic() + 0.05\n"
    "    while time.monotonic() < end: pass\n    return {}\n"
)


async def median_seconds(sandbox: RunningSandbox, tenant: TenantId) -> float:
    """What a single execution takes, again and again."""
    took: list[float] = []
    for _ in range(25):
        began = time.perf_counter()
        assert (await sandbox.run(SUM, tenant=tenant, a=1, b=2)).outputs == {"sum": 3}
        took.append(time.perf_counter() - began)
    return statistics.median(took)


@asynccontextmanager
async def flooded(sandbox: RunningSandbox, code: str) -> AsyncIterator[None]:
    """One tenant has all running that it may have, and much more in line."""

    async def run_on() -> None:
        while True:
            await sandbox.run(code, limits=CodeLimits(seconds=30))

    flood = [asyncio.create_task(run_on()) for _ in range(40)]
    await asyncio.sleep(0.5)
    yield
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


@contextmanager
def undisturbed(sandbox: RunningSandbox) -> Iterator[None]:
    """The rest of the machine waits for the sandbox and us, where we may have it so."""
    tree = [psutil.Process(sandbox.process.pid), psutil.Process()]
    tree += tree[0].children(recursive=True)
    _prefer(tree, -20)
    try:
        yield
    finally:
        _prefer(tree, 0)


def _prefer(tree: Sequence[psutil.Process], nice: int) -> None:
    for process in tree:
        # Sessions are groups to the scheduler, which share time among each other first of all.
        with suppress(OSError):
            Path("/proc", str(process.pid), "autogroup").write_text(str(nice))


@pytest.mark.parametrize("code", [SPIN, BURST], ids=["endless", "short"])
async def test_a_tenant_that_floods_delays_another_by_twice_its_latency_at_most(
    sandbox: RunningSandbox, code: str
) -> None:
    other = another_tenant()
    ratios: list[float] = []
    with undisturbed(sandbox):
        # Whatever else happens adds to what is measured; the quietest of some rounds counts.
        while not ratios or (min(ratios) > 2 and len(ratios) < 5):
            alone = await median_seconds(sandbox, other)
            async with flooded(sandbox, code):
                ratios.append(await median_seconds(sandbox, other) / alone)

    assert min(ratios) <= 2, ratios
