"""How many runs one API process carries at once: each streams a token a second to its reader.

The number is raised until tokens come late or something fails. What is carried is the last number
at which every stream ended whole and nothing was late by more than a second.
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

_STEPS = (500, 1000, 1500, 2000, 3000, 4000)
_STEPS_QUICK = (200, 500)
_TOKENS = 20
_LATE = 1.0
#: New runs a second: how fast they begin is another benchmark's question.
_BEGINNING_PER_SECOND = 60


@dataclass(frozen=True, slots=True)
class Carried:
    """One number of runs, and how it went."""

    runs: int
    whole: int
    lateness: float
    cpu_share: float
    bytes_per_run: float

    @property
    def is_well(self) -> bool:
        """Whether all of it was as it should be."""
        return self.whole == self.runs and self.lateness <= _LATE


def measure(options: argparse.Namespace) -> Report:
    """Raise the number until it is too much."""
    raise_file_limit()
    carried: list[Carried] = []
    settings = {
        "DIFY_HEX_RUN_FOREGROUND_LIMIT": "20000",
        "DIFY_HEX_POOL_HTTP_CONNECTIONS": "20000",
    }
    with stage(**settings) as product:
        for runs in _STEPS_QUICK if options.quick else _STEPS:
            carried.append(uvloop.run(_carry(product, runs)))
            if not carried[-1].is_well:
                break
    well = [step for step in carried if step.is_well]
    most = well[-1].runs if well else 0
    is_bounded = len(well) < len(carried)
    return Report(
        title="Runs at once on one API process, a token a second each",
        figures=(
            Figure(
                name="carried",
                value=most,
                unit="runs",
                note="" if is_bounded else "more were not tried",
            ),
            *(
                Figure(
                    name=f"{step.runs} runs",
                    value=1000 * step.lateness,
                    unit="ms late (p99)",
                    note=f"{step.whole} whole, {100 * step.cpu_share:.0f} % of a core, "
                    f"{step.bytes_per_run / 1000:.0f} KB each",
                )
                for step in carried
            ),
        ),
    )


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

    def lateness(self) -> list[float]:
        """Seconds by which tokens came later than a second after the one before."""
        pairs = zip(self.moments, self.moments[1:], strict=False)
        return [later - earlier - 1 for earlier, later in pairs]


async def _carry(product: Stage, runs: int) -> Carried:
    beginning = runs / _BEGINNING_PER_SECOND
    # Everybody is still speaking when the last one has begun, for a while.
    tokens = _TOKENS + int(beginning)
    request = product.message(f"[[tokens={tokens} delay=1]] Go on", "stream")
    readings = [TimedReading() for _ in range(runs)]
    memory = private_bytes(product.api_pid)

    async def follow(number: int) -> int:
        await asyncio.sleep(number / _BEGINNING_PER_SECOND)
        try:
            connection = await connect(product.address)
            answer = await connection.send(request, readings[number].take)
        except OSError:
            return 0
        connection.close()
        return answer.status

    everybody = [asyncio.create_task(follow(number)) for number in range(runs)]
    await asyncio.sleep(beginning + 3)
    cpu, began = cpu_seconds(product.api_pid), time.perf_counter()
    await asyncio.sleep(_TOKENS - 8)
    share = (cpu_seconds(product.api_pid) - cpu) / (time.perf_counter() - began)
    grown = private_bytes(product.api_pid) - memory
    statuses = await asyncio.gather(*everybody)
    whole = sum(
        status == 200 and reading.is_done and not reading.has_failed and reading.deltas > 0
        for status, reading in zip(statuses, readings, strict=True)
    )
    late = [seconds for reading in readings for seconds in reading.lateness()]
    return Carried(runs, whole, percentile(late, 0.99), share, grown / runs)


if __name__ == "__main__":
    run_alone((__doc__ or "").partition("\n")[0], measure)
