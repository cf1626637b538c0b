"""`/metrics` on an address of its own, so that figures stay inside and answer under load."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

_READ_TIMEOUT = 5.0
_MAX_REQUEST = 8192

_log = structlog.get_logger(__name__)

Exposition = Callable[[], tuple[bytes, str]]


@asynccontextmanager
async def metrics_exporter(exposition: Exposition, host: str, port: int) -> AsyncIterator[int]:
    """Serve the figures while the context is open; yields the port, a free one if it was taken.

    Several processes of one machine share a default port; the first one gets it.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_TIMEOUT):
                request = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(request, exposition))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    async def listen(at: int) -> asyncio.Server:
        return await asyncio.start_server(handle, host, at, limit=_MAX_REQUEST)

    try:
        server = await listen(port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        server = await listen(0)
    bound: int = server.sockets[0].getsockname()[1]
    _log.info("metrics.listening", host=host, port=bound)
    try:
        yield bound
    finally:
        server.close()


def _answer(request: bytes, exposition: Exposition) -> bytes:
    if request.startswith((b"GET /metrics ", b"GET /metrics?")):
        status, (body, media_type) = "200 OK", exposition()
    else:
        status, body, media_type = "404 Not Found", b"", "text/plain"
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
