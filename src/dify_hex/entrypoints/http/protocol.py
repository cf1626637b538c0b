"""HTTP/1.1 as uvicorn speaks it, but no head of a request may be huge or slow."""

from asyncio import Transport
from asyncio.events import TimerHandle
from http import HTTPStatus

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from dify_hex.application.shared.identity import new_id
from dify_hex.entrypoints.http.errors import error_body
from dify_hex.entrypoints.http.problems import (
    HeadTimedOut,
    HeadTooLarge,
    MalformedRequest,
    ProtocolProblem,
)
from dify_hex.entrypoints.http.request_context import ENGLISH

#: Bytes of the request line and all headers together.
MAX_HEAD_BYTES = 64 * 1024
#: Seconds from a request's first byte, or from connecting, to the end of its headers.
HEAD_TIMEOUT = 15.0


class BoundedHttpProtocol(HttpToolsProtocol):
    """Refuses heads beyond a size, and connections that do not finish a head in time."""

    _head_bytes = 0
    _head_timer: TimerHandle | None = None
    _problem: ProtocolProblem | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._head_is_there()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request's first byte has come."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._head_timer is None:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        """A part of the request line has come."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._head_is_there()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed in the envelope that all errors travel in."""
        self._refuse(self._problem or MalformedRequest(msg))

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self._problem = HeadTooLarge(limit_bytes=MAX_HEAD_BYTES)
            # Raising is how a callback stops the parser, which then asks for the answer above.
            raise self._problem

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT, self._give_up)

    def _head_is_there(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up(self) -> None:
        self._head_timer = None
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_complete:
            self._refuse(HeadTimedOut())

    def _refuse(self, problem: ProtocolProblem) -> None:
        if self.transport.is_closing():
            return
        body = orjson.dumps(error_body(problem, language=ENGLISH, request_id=f"req_{new_id()}"))
        status = HTTPStatus(problem.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
