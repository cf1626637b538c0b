"""A pool of connections whose cost does not grow with the square of its size."""

import time
from collections.abc import Iterator

import httpcore
import httpx
from httpcore._async.connection_pool import AsyncPoolRequest

from dify_hex.adapters.http_client.network import AsyncioNetwork
from dify_hex.adapters.http_client.parsed_connection import ParsedHTTPConnection

#: How often connections that nobody needs are looked for.
_SWEEP_SECONDS = 1.0


class LinearConnectionPool(httpcore.AsyncConnectionPool):
    """Gives each request the connection that was used last, and looks at no other.

    The pool it derives from compares all connections with all others, and asks the system about
    every idle one, whenever a request comes or goes: with some hundreds of them left idle by a
    crowd, tens of milliseconds each time. Here idle connections are swept once a second, and one
    is asked whether it still lives when it is about to be used.
    """

    _next_sweep = 0.0

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        """A connection that costs little for each token."""
        return ParsedHTTPConnection(
            origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._keepalive_expiry,
            network_backend=self._network_backend,
        )

    def _assign_requests_to_connections(self) -> list[httpcore.AsyncConnectionInterface]:
        now = time.monotonic()
        closing: list[httpcore.AsyncConnectionInterface] = []
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            closing.extend(self._sweep())
        queued = [request for request in self._requests if request.is_queued()]
        # A connection looks idle until the request that it was given to has begun.
        taken = {id(request.connection) for request in self._requests} if queued else set()
        for request in queued:
            if not self._assign(request, taken, closing):
                break
        return closing

    def _sweep(self) -> Iterator[httpcore.AsyncConnectionInterface]:
        """Drop what is closed; hand over what is idle for too long, or one too many."""
        kept, idle = [], 0
        for connection in self._connections:
            if connection.is_closed():
                continue
            if connection.has_expired():
                yield connection
                continue
            idle += connection.is_idle()
            if connection.is_idle() and idle > self._max_keepalive_connections:
                yield connection
                continue
            kept.append(connection)
        self._connections = kept

    def _assign(
        self,
        request: AsyncPoolRequest,
        taken: set[int],
        closing: list[httpcore.AsyncConnectionInterface],
    ) -> bool:
        """Find or make a connection; False when there is no room for one."""
        origin = request.request.url.origin
        if (connection := self._last_used(origin, taken, closing)) is None:
            if len(self._connections) >= self._max_connections:
                closing.extend(self._make_room(taken))
            if len(self._connections) >= self._max_connections:
                return False
            connection = self.create_connection(origin)
            self._connections.append(connection)
        request.assign_to_connection(connection)
        taken.add(id(connection))
        return True

    def _last_used(
        self,
        origin: httpcore.Origin,
        taken: set[int],
        closing: list[httpcore.AsyncConnectionInterface],
    ) -> httpcore.AsyncConnectionInterface | None:
        for position in range(len(self._connections) - 1, -1, -1):
            connection = self._connections[position]
            if id(connection) in taken or not connection.is_available():
                continue
            if not connection.can_handle_request(origin):
                continue
            if not connection.has_expired():
                return connection
            closing.append(self._connections.pop(position))
        return None

    def _make_room(self, taken: set[int]) -> Iterator[httpcore.AsyncConnectionInterface]:
        yield from self._sweep()
        if len(self._connections) >= self._max_connections:
            idle = next(
                (
                    known
                    for known in self._connections
                    if known.is_idle() and id(known) not in taken
                ),
                None,
            )
            if idle is not None:
                self._connections.remove(idle)
                yield idle


class PooledTransport(httpx.AsyncHTTPTransport):
    """An ordinary transport over a `LinearConnectionPool`, and over a network of one's choice."""

    def __init__(
        self, limits: httpx.Limits, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=context, limits=limits, trust_env=False)
        # httpx lets nobody choose its pool, so the one it made, still empty, is replaced.
        self.pool = self._pool = LinearConnectionPool(
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=network or AsyncioNetwork(),
        )
