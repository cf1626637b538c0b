"""A client of one streaming request that decides itself when to take and when to leave."""

import asyncio
from contextlib import suppress

from starlette.types import ASGIApp, Message


class AsgiStream:
    """Calls the application directly; `hold` makes it a client that takes nothing more."""

    def __init__(self, app: ASGIApp, path: str, headers: dict[str, str] | None = None) -> None:
        self._app = app
        path, _, query = path.partition("?")
        given = {"authorization": "Bearer good", **(headers or {})}
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
        }
        self._asked = False
        self._left = asyncio.Event()
        self._takes = asyncio.Event()
        self._takes.set()
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    def start(self) -> "AsgiStream":
        """Send the request."""
        self._task = asyncio.create_task(self._call())
        return self

    def hold(self) -> None:
        """Take nothing more."""
        self._takes.clear()

    def take(self) -> None:
        """Take again."""
        self._takes.set()

    async def until(self, text: str) -> str:
        """The body once it holds the text."""
        async with asyncio.timeout(5):
            while text not in self.body.decode():
                self._news.clear()
                await self._news.wait()
        return self.body.decode()

    async def end(self) -> str:
        """The body once the answer is over."""
        assert self._task is not None
        async with asyncio.timeout(5):
            await self._task
        return self.body.decode()

    async def leave(self) -> None:
        """Close the connection, and wait until the application has noticed."""
        self._left.set()
        with suppress(asyncio.CancelledError):
            await self.end()

    async def _call(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        await self._takes.wait()
        self.body += message.get("body", b"")
        self._news.set()
