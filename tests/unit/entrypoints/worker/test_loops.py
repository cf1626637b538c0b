"""Background loops go on whatever happens to them, and end when they are told to."""

import asyncio

import pytest

from dify_hex.adapters.telemetry.prometheus import PrometheusTelemetry
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.entrypoints.worker.loops import BackgroundLoop, LoopRunner, every


class Steps:
    """A loop that does something else at each start."""

    def __init__(self, *steps: BaseException | None) -> None:
        self._steps = list(steps)
        self.starts = 0
        self.reached_end = asyncio.Event()

    async def run(self) -> None:
        self.starts += 1
        if not self._steps:
            self.reached_end.set()
            await asyncio.Event().wait()
        step = self._steps.pop(0)
        if step is not None:
            raise step


async def test_a_loop_that_fails_is_started_again() -> None:
    steps = Steps(ValueError("bug"), Unavailable(dependency="database"), None)
    telemetry = PrometheusTelemetry()

    async with LoopRunner([BackgroundLoop("x", steps.run)], telemetry):
        await asyncio.wait_for(steps.reached_end.wait(), 5)

    assert steps.starts == 4
    text = telemetry.exposition()[0].decode()
    assert 'background_loop_failures_total{loop="x"} 3.0' in text


async def test_one_loop_that_fails_leaves_the_others_alone() -> None:
    broken, healthy = Steps(*[ValueError()] * 100), Steps()
    loops = [BackgroundLoop("broken", broken.run), BackgroundLoop("healthy", healthy.run)]

    async with LoopRunner(loops, PrometheusTelemetry()):
        await asyncio.wait_for(healthy.reached_end.wait(), 20)

    assert healthy.starts == 1


async def test_acting_again_and_again() -> None:
    acted = asyncio.Semaphore(0)

    async def act() -> None:
        acted.release()

    async with LoopRunner([every(0.001, "act", act)], PrometheusTelemetry()):
        for _ in range(3):
            await asyncio.wait_for(acted.acquire(), 20)


async def test_a_loop_that_will_not_end_does_not_hold_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dify_hex.entrypoints.worker.loops._STOP_TIMEOUT", 0.05)
    monkeypatch.setattr("dify_hex.entrypoints.worker.loops._CANCEL_AGAIN", 0.01)
    let_go = asyncio.Event()
    started = asyncio.Event()

    async def stubborn() -> None:
        started.set()
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    async with LoopRunner([BackgroundLoop("stubborn", stubborn)], PrometheusTelemetry()) as runner:
        await started.wait()
    let_go.set()
    assert runner is not None
    await asyncio.sleep(0.01)
