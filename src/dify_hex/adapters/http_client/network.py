"""Connections of the HTTP client on bare asyncio, where reading a token costs little."""

import asyncio
import ssl
from collections.abc import Iterable
from typing import cast

import httpcore

#: Bytes that wait to be read before the other side is told to wait too.
_HIGH_WATER = 256 << 10

_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class AsyncioNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections; they take a limit of None for none, and then set no timer."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect within `timeout` seconds.

        Raises:
            httpcore.ConnectTimeout, httpcore.ConnectError: it did not come about.
        """
        loop = asyncio.get_running_loop()
        local = None if local_address is None else (local_address, 0)
        try:
            async with asyncio.timeout(timeout):
                transport, protocol = await loop.create_connection(
                    _Buffer, host, port, local_addr=local
                )
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        connection = transport.get_extra_info("socket")
        for option in socket_options or ():
            connection.setsockopt(*option)
        return AsyncioStream(transport, protocol)

    async def sleep(self, seconds: float) -> None:
        """Wait, between attempts to connect."""
        await asyncio.sleep(seconds)


class AsyncioStream(httpcore.AsyncNetworkStream):
    """One connection, read by one task at a time."""

    def __init__(self, transport: asyncio.Transport, buffer: "_Buffer") -> None:
        self._transport = transport
        self._buffer = buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, at most so many bytes; nothing at the end.

        Raises:
            httpcore.ReadTimeout, httpcore.ReadError: nothing came in time, or ever will.
        """
        try:
            if timeout is None:
                return await self._buffer.take(max_bytes)
            async with asyncio.timeout(timeout):
                return await self._buffer.take(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it all.

        Raises:
            httpcore.WriteTimeout, httpcore.WriteError: the other side does not take it.
        """
        if self._transport.is_closing():
            raise httpcore.WriteError("the connection is closed")
        try:
            self._transport.write(buffer)
            if self._buffer.is_full_ahead:
                async with asyncio.timeout(timeout):
                    await self._buffer.drained()
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close it, without waiting for the other side."""
        self._transport.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Encrypt it from now on.

        Raises:
            httpcore.ConnectTimeout, httpcore.ConnectError: the handshake failed.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                encrypted = await loop.start_tls(
                    self._transport, self._buffer, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError:
            self._transport.abort()
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            self._transport.abort()
            raise httpcore.ConnectError(str(error)) from error
        if encrypted is None:
            raise httpcore.ConnectError("the connection was closed during the handshake")
        self._buffer.connection_made(encrypted)
        return AsyncioStream(encrypted, self._buffer)

    def get_extra_info(self, info: str) -> object:
        """Facts that the pool asks for; None for those that nobody knows."""
        match info:
            case "is_readable":
                # An idle connection that has something to say was closed by its server.
                return self._transport.is_closing() or self._buffer.has_news
            case "client_addr":
                return self._transport.get_extra_info("sockname")
            case "server_addr":
                return self._transport.get_extra_info("peername")
            case _:
                return self._transport.get_extra_info(info)


class _Buffer(asyncio.Protocol):
    """Keeps what has come until it is read."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._is_paused = False
        self._has_ended = False
        self._failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None

    @property
    def has_news(self) -> bool:
        """Whether reading would not wait."""
        return bool(self._data) or self._has_ended

    @property
    def is_full_ahead(self) -> bool:
        """Whether writing has to wait."""
        return self._writer is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open, or encrypted from now on."""
        # What uvloop gives is a transport, and no subclass of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._data += data
        if len(self._data) > _HIGH_WATER and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """The other side has said all; the connection is closed with that."""
        self._has_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; what has come can still be read."""
        self._has_ended = True
        self._failure = exc
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        """The system takes no more for now."""
        self._writer = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """The system takes more again, or never will."""
        writer, self._writer = self._writer, None
        if writer is not None and not writer.done():
            writer.set_result(None)

    async def take(self, max_bytes: int) -> bytes:
        """What has come; waits for it.

        Raises:
            OSError: the connection has broken.
        """
        if not self.has_news:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        if not self._data and self._failure is not None:
            raise OSError(str(self._failure)) from self._failure
        taken = bytes(self._data[:max_bytes])
        del self._data[:max_bytes]
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return taken

    async def drained(self) -> None:
        """Wait until the system takes more.

        Raises:
            OSError: the connection is gone.
        """
        if self._writer is not None:
            await self._writer
        if self._has_ended and self._failure is not None:
            raise OSError(str(self._failure)) from self._failure

    def _wake(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None and not reader.done():
            reader.set_result(None)
