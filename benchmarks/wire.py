"""An HTTP client that costs next to nothing, so that what is measured is the server.

Requests are bytes made beforehand; answers are parsed in C. One connection has one request under
way at a time, and stays open.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools
import orjson


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Address":
        """The address in a URL."""
        parts = urlsplit(url)
        return cls(parts.hostname or "127.0.0.1", parts.port or 80)


@dataclass(slots=True)
class Answer:
    """Status and body; a streamed body is not kept."""

    status: int = 0
    body: bytes = b""


#: Gets the bytes of a streamed body as they come.
OnBody = Callable[[bytes], None]


class Connection(asyncio.Protocol):
    """One connection to a server."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiting: asyncio.Future[Answer] | None = None
        self._answer = Answer()
        self._parts: list[bytes] = []
        self._on_body: OnBody | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        # What uvloop gives is a transport, and no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; an answer under way is lost."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError(str(exc or "closed by the server")))

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self._on_body is not None and self._parser.get_status_code() == 200:
            self._on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        answer = Answer(self._parser.get_status_code(), b"".join(self._parts))
        self._parser = httptools.HttpResponseParser(self)
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    async def send(self, request: bytes, on_body: OnBody | None = None) -> Answer:
        """One request; with `on_body` the body of a good answer goes there.

        Raises:
            ConnectionResetError: the server has closed the connection.
        """
        assert self._transport is not None
        self._parts = []
        self._on_body = on_body
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.abort()


async def connect(address: Address) -> Connection:
    """Open a connection."""
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection, address.host, address.port
    )
    return connection


def request_bytes(
    method: str,
    path: str,
    address: Address,
    *,
    headers: Mapping[str, str] | None = None,
    body: object = None,
) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else orjson.dumps(body)
    fields = {"Host": f"{address.host}:{address.port}", **(headers or {})}
    if body is not None:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content
