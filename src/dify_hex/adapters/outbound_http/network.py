"""Connections to addresses that were checked, and to no other."""

import select
import socket
import ssl
from collections.abc import Iterable

import httpcore

from dify_hex.adapters.outbound_http.answer_boundary import AnswerBoundary
from dify_hex.adapters.outbound_http.route import Route
from dify_hex.domain.shared.outbound_errors import OutboundTlsFailed

#: More addresses of one server than this are not tried.
_MAX_ATTEMPTS = 4


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections along routes; resolves nothing.

    The pool knows one TLS context only, so the one that fits the route is taken here.
    """

    def __init__(self, *, verifying: ssl.SSLContext, trusting: ssl.SSLContext) -> None:
        self._verifying = verifying
        self._trusting = trusting
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the route that answers; `host` is the route's key.

        Raises:
            httpcore.ConnectError, httpcore.ConnectTimeout: none does; `timeout` is for them all.
        """
        route = Route.read(host)
        addresses = route.addresses[:_MAX_ATTEMPTS]
        context = self._verifying if route.is_verified else self._trusting
        # A silent first address leaves time for the others.
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception = httpcore.ConnectError("the route has no address")
        for address in addresses:
            try:
                stream = await self._network.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return GuardedStream(stream, route.name, context)
        raise failure


class GuardedStream(httpcore.AsyncNetworkStream):
    """One connection, which is used again only after an answer that ended in order."""

    def __init__(
        self, stream: httpcore.AsyncNetworkStream, host: str, context: ssl.SSLContext
    ) -> None:
        self._stream = stream
        self._host = host
        self._context = context
        self._answer = AnswerBoundary(host)
        # The pool asks about it whenever any request comes or goes.
        self._socket: socket.socket = stream.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, at most so many bytes."""
        data = await self._stream.read(max_bytes, timeout)
        self._answer.follow(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send it all; after an answer it is the next request."""
        if self._answer.has_begun:
            self._answer = AnswerBoundary(self._host)
        if buffer.startswith(b"HEAD "):
            # The other parser does not know what was asked, and would wait for a body.
            self._answer.doubt()
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 - the pool's only one
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Encrypt it with the route's own context.

        Raises:
            OutboundTlsFailed: the certificate or the handshake is not in order.
        """
        try:
            stream = await self._stream.start_tls(self._context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            reason = _tls_reason(error.__cause__)
            if reason is None:
                raise
            raise OutboundTlsFailed(host=self._host, reason=reason) from None
        return GuardedStream(stream, self._host, self._context)

    def get_extra_info(self, info: str) -> object:
        """What the pool asks for; a connection out of order looks as if its server had closed."""
        if info == "is_readable":
            return not self._answer.leaves_order or _is_readable(self._socket)
        return self._stream.get_extra_info(info)


def _is_readable(connection: socket.socket) -> bool:
    """Whether something has come that nobody has asked for, the connection's end above all."""
    descriptor = connection.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _tls_reason(cause: BaseException | None) -> str | None:
    """What was wrong, in OpenSSL's own short words; None where encryption is not to blame."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    if isinstance(cause, ssl.SSLError):
        return (cause.reason or "handshake").lower().replace("_", " ")
    return None
