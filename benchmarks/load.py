"""Callers that send one request after another, as many at once as they are told."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.figures import percentile
from benchmarks.wire import Address, connect

#: Makes a request; each call may make another one.
MakeRequest = Callable[[], bytes]


@dataclass(slots=True)
class Load:
    """What came of it; latencies in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    sample: bytes = b""

    @property
    def per_second(self) -> float:
        """Good answers a second."""
        return len(self.latencies) / self.seconds

    def milliseconds(self, share: float) -> float:
        """A percentile of the latencies."""
        return 1000 * percentile(self.latencies, share)


async def closed_loop(
    address: Address, make: MakeRequest, *, callers: int, seconds: float, warm_up: float = 1.0
) -> Load:
    """So many callers, each asking again as soon as it is answered."""
    load = Load()
    counting_from = time.perf_counter() + warm_up
    until = counting_from + seconds
    await asyncio.gather(
        *(_caller(address, make, load, counting_from, until) for _ in range(callers))
    )
    load.seconds = seconds
    return load


async def _caller(
    address: Address, make: MakeRequest, load: Load, counting_from: float, until: float
) -> None:
    connection = await connect(address)
    try:
        while (began := time.perf_counter()) < until:
            answer = await connection.send(make())
            ended = time.perf_counter()
            if answer.status not in (200, 201):
                load.refused[answer.status] += 1
                load.sample = answer.body
            elif counting_from <= ended <= until:
                load.latencies.append(ended - began)
    finally:
        connection.close()
