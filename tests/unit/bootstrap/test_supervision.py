"""Keeping a process running."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dify_hex.adapters.embedded.errors import EmbeddedPartFailed
from dify_hex.bootstrap import supervision
from dify_hex.bootstrap.supervision import Began, Ended, Keeper, Notice


class Scripted:
    """A process that the test ends, and whose starts fail as often as it is told."""

    name = "scripted"
    pid = 1

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.starts = 0
        self.is_stopped = False
        self._started = asyncio.Semaphore(0)
        self._end: asyncio.Future[int] | None = None

    async def start(self) -> None:
        if self.failures:
            self.failures -= 1
            raise EmbeddedPartFailed("not today")
        self._end = asyncio.get_running_loop().create_future()
        self.starts += 1
        self._started.release()

    async def exited(self) -> int:
        assert self._end is not None
        return await self._end

    async def stop(self) -> None:
        self.is_stopped = True

    async def has_started(self, times: int) -> None:
        while self.starts < times:
            await self._started.acquire()
        # Its keeper then has to notice.
        await asyncio.sleep(0.002)

    def end(self, status: int) -> None:
        assert self._end is not None
        self._end.set_result(status)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "FIRST_DELAY", 0.001)
    monkeypatch.setattr(supervision, "LONGEST_DELAY", 0.004)


@asynccontextmanager
async def kept(process: Scripted, notices: list[Notice]) -> AsyncIterator[Keeper]:
    keeper = Keeper(process, notices.append)
    try:
        yield keeper
    finally:
        await keeper.stop()


async def until_started(process: Scripted, times: int) -> None:
    async with asyncio.timeout(20):
        await process.has_started(times)


async def test_a_process_that_dies_is_started_again() -> None:
    process, notices = Scripted(), list[Notice]()
    async with kept(process, notices) as keeper:
        await keeper.start()
        process.end(-9)
        await until_started(process, 2)
    assert [type(notice) for notice in notices] == [Began, Ended, Began]
    assert isinstance(notices[1], Ended)
    assert notices[1].reason == "killed by signal 9"


async def test_the_pause_doubles_up_to_a_limit() -> None:
    process, notices = Scripted(), list[Notice]()
    async with kept(process, notices) as keeper:
        await keeper.start()
        for times in range(2, 6):
            process.end(1)
            await until_started(process, times)
    pauses = [notice.delay for notice in notices if isinstance(notice, Ended)]
    assert pauses == [0.001, 0.002, 0.004, 0.004]


async def test_the_pause_is_short_again_after_a_stable_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "STABLE_AFTER", 0.0)
    process, notices = Scripted(), list[Notice]()
    async with kept(process, notices) as keeper:
        await keeper.start()
        for times in (2, 3):
            process.end(0)
            await until_started(process, times)
    assert [notice.delay for notice in notices if isinstance(notice, Ended)] == [0.001, 0.001]


async def test_a_restart_that_fails_is_tried_again() -> None:
    process, notices = Scripted(), list[Notice]()
    async with kept(process, notices) as keeper:
        await keeper.start()
        process.failures = 2
        process.end(1)
        await until_started(process, 2)
    reasons = [notice.reason for notice in notices if isinstance(notice, Ended)]
    assert reasons == ["ended with status 1", "not today", "not today"]


async def test_a_first_start_that_fails_is_the_callers_affair() -> None:
    process = Scripted(failures=1)
    async with kept(process, []) as keeper:
        with pytest.raises(EmbeddedPartFailed):
            await keeper.start()
    assert process.starts == 0


async def test_started_without_waiting_even_the_first_start_is_tried_again() -> None:
    process = Scripted(failures=1)
    async with kept(process, []) as keeper:
        keeper.start_soon()
        await until_started(process, 1)
    assert process.is_stopped


async def test_what_is_stopped_is_not_started_again() -> None:
    process = Scripted()
    async with kept(process, []) as keeper:
        await keeper.start()
    process.end(0)
    await asyncio.sleep(0.01)
    assert process.starts == 1
