"""Noticing that a caller who waits for a whole answer has hung up."""

import asyncio
from types import TracebackType
from typing import Any, Self, cast

from starlette.requests import Request

#: The status that figures and logs show for a request whose caller has hung up.
CALLER_GONE = 499


class CallerGone(Exception):
    """The caller has hung up; nobody reads what is answered now."""


class WhileCallerWaits:
    """Breaks its body off with `CallerGone` as soon as the caller hangs up.

    The request's body must have been read before: what comes from the connection then is its end.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._gone = False
        self._waiting: asyncio.Task[Any]
        self._watch: asyncio.Task[None]
        self._cancelled_before = 0

    async def __aenter__(self) -> Self:
        self._waiting = cast("asyncio.Task[Any]", asyncio.current_task())
        self._cancelled_before = self._waiting.cancelling()
        self._watch = asyncio.create_task(self._until_gone())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._watch.cancel()
        if not self._gone:
            return
        # Only a cancellation of our own making may be swallowed.
        ours = self._waiting.uncancel() <= self._cancelled_before
        if ours and kind is asyncio.CancelledError:
            raise CallerGone from error

    async def _until_gone(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._waiting.cancel()
