"""Refuses work beyond the process's capacity at once, instead of letting everyone wait."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dify_hex.entrypoints.http.errors import error_response
from dify_hex.entrypoints.http.problems import Overloaded


class Overload:
    """Bounds the requests that have not begun to answer; open streams do not count.

    Health checks always pass: a full process is not a sick one.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._in_progress = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        if self._in_progress >= self._limit:
            await error_response(Overloaded())(scope, receive, send)
            return
        self._in_progress += 1
        counted = True

        async def send_and_discount(message: Message) -> None:
            nonlocal counted
            if counted and message["type"] == "http.response.start":
                counted = False
                self._in_progress -= 1
            await send(message)

        try:
            await self._app(scope, receive, send_and_discount)
        finally:
            if counted:
                self._in_progress -= 1
