"""Sends one request to one server: judges it, finds a route, and asks over the process's pool."""

import asyncio
from collections.abc import Mapping

import httpcore

from dify_hex.adapters.outbound_http.asking import Asking
from dify_hex.adapters.outbound_http.failures import exchanging
from dify_hex.adapters.outbound_http.resolver import Addresses, NameResolver
from dify_hex.adapters.outbound_http.route import Route
from dify_hex.application.shared.outbound_http import OutboundLimits, OutboundRequest
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.outbound_errors import (
    OutboundTimeout,
    OutboundUnreachable,
)
from dify_hex.domain.shared.values.network_address import parse_address
from dify_hex.domain.shared.values.outbound_rules import (
    OutboundRules,
    admit_addresses,
    admit_name,
)
from dify_hex.domain.shared.values.outbound_url import OutboundUrl

#: May be asked twice without more being done than was asked for (RFC 9110, 9.2.2).
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
#: How a kept connection shows itself that its server has closed at the moment of its reuse.
_STALE = (httpcore.ReadError, httpcore.WriteError, httpcore.RemoteProtocolError)
_MAX_STALE = 3
_NO_RULES = OutboundRules()


class Sender:
    """Never asks a server whose addresses, all of them, the rules have not admitted."""

    def __init__(
        self,
        *,
        pool: httpcore.AsyncConnectionPool,
        resolver: NameResolver,
        rules: OutboundRules,
        tenants_rules: Mapping[TenantId, OutboundRules] | None = None,
    ) -> None:
        self._pool = pool
        self._resolver = resolver
        self._rules = rules
        self._tenants_rules = tenants_rules or {}

    async def send(
        self, asking: Asking, request: OutboundRequest, limits: OutboundLimits, deadline: float
    ) -> httpcore.Response:
        """The answer's head; its body is unread, and must be closed.

        Raises:
            DomainError: what `OutboundHttp` raises.
        """
        url = asking.url
        async with exchanging(url.host, deadline):
            route = await self._route(url, request, limits)
            return await self._ask(asking, route, limits)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _route(
        self, url: OutboundUrl, request: OutboundRequest, limits: OutboundLimits
    ) -> Route:
        tenants = self._tenants_rules.get(request.tenant_id, _NO_RULES)
        levels = (self._rules, tenants, request.rules)
        tenant = str(request.tenant_id)
        admit_name(url, levels)
        addresses = await self._addresses(url, tenant, limits.connect_seconds)
        admit_addresses(url, addresses, levels)
        return Route(
            tenant=tenant,
            name=url.host,
            addresses=tuple(map(str, addresses)),
            is_verified=request.verify_tls,
        )

    async def _addresses(self, url: OutboundUrl, tenant: str, timeout: float) -> Addresses:
        if url.address is not None:
            return (parse_address(url.host),)
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                addresses = await self._resolver.addresses(url.host, tenant=tenant)
        except TimeoutError:
            if limit.expired():
                raise OutboundTimeout(host=url.host, phase="name") from None
            raise
        if not addresses:
            raise OutboundUnreachable(host=url.host, reason="name")
        return addresses

    async def _ask(self, asking: Asking, route: Route, limits: OutboundLimits) -> httpcore.Response:
        """Ask over a kept connection or a new one; again, if it is a kept one that is gone."""
        stale = 0
        while True:
            watch = _ConnectionWatch()
            request = _on_the_wire(asking, route, limits, watch)
            try:
                return await self._pool.handle_async_request(request)
            except _STALE:
                stale += 1
                is_over = watch.has_connected or asking.method not in _REPEATABLE
                if is_over or stale > _MAX_STALE:
                    raise


class _ConnectionWatch:
    """Learns from the pool whether a request had a connection made for it."""

    def __init__(self) -> None:
        self.has_connected = False

    async def __call__(self, event: str, _: Mapping[str, object]) -> None:
        """One of the pool's events."""
        if event == "connection.connect_tcp.started":
            self.has_connected = True


def _on_the_wire(
    asking: Asking, route: Route, limits: OutboundLimits, watch: _ConnectionWatch
) -> httpcore.Request:
    url = asking.url
    return httpcore.Request(
        method=asking.method,
        url=httpcore.URL(
            scheme=url.scheme.encode(),
            host=route.key.encode(),
            port=url.port,
            target=url.target.encode(),
        ),
        headers=asking.wire_headers(),
        content=asking.content(),
        extensions={
            "sni_hostname": url.host,
            "timeout": {
                "connect": limits.connect_seconds,
                "pool": limits.connect_seconds,
                "read": limits.read_seconds,
                "write": limits.write_seconds,
            },
            "trace": watch,
        },
    )
