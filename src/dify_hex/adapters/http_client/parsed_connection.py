"""A connection whose answers are parsed in C, so that a token costs little more than reading."""

import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import cast

import httpcore
import httptools
from httpcore._async.connection import AsyncHTTPConnection
from httpcore._async.http11 import AsyncHTTP11Connection, HTTPConnectionState

_MAX_HEAD_BYTES = 100 << 10
_READ_BYTES = 64 << 10
#: What would let a value end its line, and begin another header.
_LINE_BREAKS = (b"\r", b"\n", b"\0")

Headers = Sequence[tuple[bytes, bytes]]


class ParsedHTTPConnection(AsyncHTTPConnection):
    """Connects like the library's connection, and speaks HTTP/1.1 through a `ParsedConnection`."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request; the first one connects."""
        async with self._request_lock:
            if self._connection is None:
                try:
                    stream = await self._connect(request)
                except BaseException:
                    self._connect_failed = True
                    raise
                self._connection = ParsedConnection(self._origin, stream, self._keepalive_expiry)
        return await self._connection.handle_async_request(request)


class ParsedConnection(AsyncHTTP11Connection):
    """HTTP/1.1 without HEAD and upgrades, which nobody here asks for.

    A connection is used again only after an answer that ended exactly where it said it would.
    """

    def __init__(
        self, origin: httpcore.Origin, stream: httpcore.AsyncNetworkStream, expiry: float | None
    ) -> None:
        super().__init__(origin, stream, expiry)
        self._head = b""
        self._answer = _Answer()

    async def _send_request_headers(self, request: httpcore.Request) -> None:
        """Only look at them: they leave together with the beginning of the body."""
        self._answer = _Answer()
        self._head = _head(request)

    async def _send_request_body(self, request: httpcore.Request) -> None:
        timeout = request.extensions.get("timeout", {}).get("write")
        head = self._head
        is_chunked = _has(request.headers, b"transfer-encoding")
        async for chunk in cast("AsyncIterable[bytes]", request.stream):
            if not chunk:
                continue
            data = b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk
            await self._network_stream.write(head + data, timeout=timeout)
            head = b""
        rest = head + (b"0\r\n\r\n" if is_chunked else b"")
        if rest:
            await self._network_stream.write(rest, timeout=timeout)

    async def _receive_response_headers(
        self, request: httpcore.Request
    ) -> tuple[bytes, int, bytes, list[tuple[bytes, bytes]], bytes]:
        timeout = request.extensions.get("timeout", {}).get("read")
        answer = self._answer
        size = 0
        while True:
            data = await self._network_stream.read(_READ_BYTES, timeout=timeout)
            if not data:
                message = "Server disconnected without sending a response."
                raise httpcore.RemoteProtocolError(message)
            answer.feed(data)
            if answer.has_head:
                break
            size += len(data)
            if size > _MAX_HEAD_BYTES:
                raise httpcore.RemoteProtocolError("The head of the answer has no end.")
        return b"HTTP/1.1", answer.status, answer.reason, answer.headers, b""

    async def _receive_response_body(self, request: httpcore.Request) -> AsyncIterator[bytes]:
        timeout = request.extensions.get("timeout", {}).get("read")
        answer = self._answer
        while True:
            if body := answer.take():
                yield body
            if answer.is_complete:
                return
            data = await self._network_stream.read(_READ_BYTES, timeout=timeout)
            if data:
                answer.feed(data)
            else:
                answer.end()

    async def _response_closed(self) -> None:
        """Keep the connection for another request, if this answer left it in order."""
        async with self._state_lock:
            if not self._answer.leaves_order:
                await self.aclose()
                return
            self._state = HTTPConnectionState.IDLE
            if self._keepalive_expiry is not None:
                self._expire_at = time.monotonic() + self._keepalive_expiry


class _Answer:
    """One answer while it comes: the parser's callbacks, and what they have found."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._has_length = False
        self._goes_on = False
        self.status = 0
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_head = False
        self.is_complete = False

    @property
    def leaves_order(self) -> bool:
        """Whether nothing of it can be taken for the beginning of another answer."""
        return self.is_complete and self._goes_on

    def feed(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            httpcore.RemoteProtocolError: they are no HTTP, or more than one answer.
        """
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise httpcore.RemoteProtocolError(str(error)) from error

    def end(self) -> None:
        """The server has closed the connection, which ends an answer of no stated length.

        Raises:
            httpcore.RemoteProtocolError: the answer is cut.
        """
        if self._has_length:
            raise httpcore.RemoteProtocolError("The answer was cut before its end.")
        self.is_complete = True

    def take(self) -> bytes:
        """The body as far as it has come and was not taken yet."""
        body, self._body = self._body, []
        return body[0] if len(body) == 1 else b"".join(body)

    def on_message_begin(self) -> None:
        """Another one would belong to nobody."""
        if self.is_complete:
            self._goes_on = False
            raise ValueError("an answer that nobody has asked for")

    def on_status(self, reason: bytes) -> None:
        """The words beside the status."""
        self.reason = reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, of the head or of the trailer; the latter is passed over."""
        if not self.has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole; that of an interim answer is forgotten."""
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
            return
        self.has_head = True
        lengths = (b"content-length", b"transfer-encoding")
        self._has_length = any(_has(self.headers, name) for name in lengths)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """The answer has ended where it said it would, unless it was an interim one."""
        if self.has_head:
            self.is_complete = True
            self._goes_on = self._parser.should_keep_alive()


def _head(request: httpcore.Request) -> bytes:
    """The request's head as bytes.

    Raises:
        httpcore.LocalProtocolError: it has something in it that would end a line.
    """
    target = request.url.target
    if any(sign in target for sign in (*_LINE_BREAKS, b" ")):
        raise httpcore.LocalProtocolError("The request's target has a space or a line break in it.")
    lines = [b"%b %b HTTP/1.1\r\n" % (request.method, target)]
    for name, value in request.headers:
        if any(sign in name or sign in value for sign in _LINE_BREAKS):
            raise httpcore.LocalProtocolError("A header has a line break in it.")
        lines.append(b"%b: %b\r\n" % (name, value))
    return b"".join((*lines, b"\r\n"))


def _has(headers: Headers, name: bytes) -> bool:
    return any(known.lower() == name for known, _ in headers)
