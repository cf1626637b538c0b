"""How many runs one API process carries at once: each streams a token a second to its reader.

Runs join, step by step, those that are already speaking. What is carried is the last number at
which every reader heard its run, and at most a hundredth of the tokens came a second late.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass

import uvloop

from benchmarks.figures import Figure, Report, percentile, run_alone
from benchmarks.processes import cpu_seconds, private_bytes
from benchmarks.stage import Stage, stage
from benchmarks.streaming import StreamReading
from benchmarks.wire import connect
from dify_hex.bootstrap.process import raise_file_limit

_STEPS, _SECONDS = (1000, 2000, 2500, 3000, 4000), 8
_QUICK_STEPS, _QUICK_SECONDS = (250, 500, 1000), 5
_LATE = 1.0
#: New runs a second: how fast they begin is another benchmark's question.
_BEGINNING_PER_SECOND = 100
#: Seconds that the latest get to say their first word.
_PATIENCE = 10
#: Nobody comes to an end before the last step.
_TOKENS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One number of runs, and how it went while that many were speaking."""

    runs: int
    heard: int
    lateness: float
    cpu_share: float
    bytes_per_run: float

    @property
    def is_well(self) -> bool:
        """Whether all of it was as it should be."""
        return self.heard == self.runs and self.lateness <= _LATE


class TimedReading(StreamReading):
    """Notes the moment of each token."""

    __slots__ = ("moments",)

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    def take(self, chunk: bytes) -> None:
        """Take some of the stream's bytes."""
        before = self.deltas
        super().take(chunk)
        self.moments += [time.perf_counter()] * (self.deltas - before)

    def lateness(self, since: float, until: float) -> list[float]:
        """Seconds by which tokens came later than a second after the one before.

        A token that has not come by the end counts as coming then.
        """
        moments = [moment for moment in self.moments if since <= moment <= until]
        pairs = zip([since, *moments], [*moments, until], strict=True)
        return [later - earlier - 1 for earlier, later in pairs]


class Runs:
    """Runs that go on until the end, and their readers."""

    def __init__(self, product: Stage) -> None:
        self._product = product
        self._request = product.message(f"[[tokens={_TOKENS} delay=1]] Go on", "stream")
        self._memory = private_bytes(product.api_pid)
        self._readings: list[TimedReading] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def carry(self, runs: int, seconds: float) -> Carried:
        """Let so many speak at once, and listen for so long."""
        while len(self._readings) < runs:
            reading = TimedReading()
            self._readings.append(reading)
            self._tasks.append(asyncio.create_task(self._follow(reading)))
            await asyncio.sleep(1 / _BEGINNING_PER_SECOND)
        for _ in range(_PATIENCE):
            if all(map(_speaks, self._readings)):
                break
            await asyncio.sleep(1)
        pid = self._product.api_pid
        cpu, began = cpu_seconds(pid), time.perf_counter()
        await asyncio.sleep(seconds)
        ended = time.perf_counter()
        late = [late for reading in self._readings for late in reading.lateness(began, ended)]
        return Carried(
            runs=runs,
            heard=sum(map(_speaks, self._readings)),
            lateness=percentile(late, 0.99),
            cpu_share=(cpu_seconds(pid) - cpu) / (ended - began),
            bytes_per_run=(private_bytes(pid) - self._memory) / runs,
        )

    async def leave(self) -> None:
        """Send all readers away."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, reading: TimedReading) -> None:
        connection = await connect(self._product.address)
        try:
            await connection.send(self._request, reading.take)
        finally:
            # Whatever has ended has ended too early.
            reading.has_failed = True
            connection.close()


def measure(options: argparse.Namespace) -> Report:
    """Raise the number until it is too much."""
    raise_file_limit()
    settings = {
        "DIFY_HEX_RUN_FOREGROUND_LIMIT": "20000",
        "DIFY_HEX_POOL_HTTP_CONNECTIONS": "20000",
    }
    with stage(**settings) as product:
        steps = uvloop.run(_climb(product, is_quick=options.quick))
    carried = max((step.runs for step in steps if step.is_well), default=0)
    return Report(
        title="Runs at once on one API process, a token a second each",
        figures=(
            Figure(
                name="carried",
                value=carried,
                unit="runs",
                note="more were not tried" if steps[-1].is_well else "",
            ),
            *(
                Figure(
                    name=f"{step.runs} runs",
                    value=1000 * step.lateness,
                    unit="ms late (p99)",
                    note=f"{step.heard} heard, {100 * step.cpu_share:.0f} % of a core, "
                    f"{step.bytes_per_run / 1000:.0f} KB each",
                )
                for step in steps
            ),
        ),
    )


async def _climb(product: Stage, *, is_quick: bool) -> list[Carried]:
    runs = Runs(product)
    steps: list[Carried] = []
    for number in _QUICK_STEPS if is_quick else _STEPS:
        steps.append(await runs.carry(number, _QUICK_SECONDS if is_quick else _SECONDS))
        if not steps[-1].is_well:
            break
    await runs.leave()
    return steps


def _speaks(reading: TimedReading) -> bool:
    return reading.deltas > 0 and not reading.has_failed


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
