"""A caller who hangs up breaks off the wait for their answer, and nothing else does."""

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from dify_hex.entrypoints.http.presence import CallerGone, WhileCallerWaits


class Caller:
    """The other end of a connection."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self.request = Request({"type": "http"}, self._events.get)

    def send_more(self) -> None:
        """Something that is not the end."""
        self._events.put_nowait({"type": "http.request", "body": b""})

    def hang_up(self) -> None:
        """The end of the connection."""
        self._events.put_nowait({"type": "http.disconnect"})


async def test_who_stays_gets_the_answer() -> None:
    caller = Caller()

    async with WhileCallerWaits(caller.request):
        caller.send_more()
        await asyncio.sleep(0)
        answer = 42

    assert answer == 42


async def test_who_hangs_up_is_waited_for_no_longer() -> None:
    caller = Caller()

    async def work() -> None:
        async with WhileCallerWaits(caller.request):
            caller.hang_up()
            await asyncio.sleep(30)

    with pytest.raises(CallerGone):
        await work()

    current = asyncio.current_task()
    assert current is not None
    assert not current.cancelling()


async def test_an_error_of_the_work_is_its_own() -> None:
    with pytest.raises(LookupError):
        async with WhileCallerWaits(Caller().request):
            raise LookupError


async def test_a_cancellation_from_elsewhere_stays_one() -> None:
    caller = Caller()

    async def work() -> None:
        async with WhileCallerWaits(caller.request):
            await asyncio.sleep(30)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    caller.hang_up()

    with pytest.raises(asyncio.CancelledError):
        await task
