"""The outermost layer: every request gets an id, a trace, a log line, figures and safe headers."""

from collections.abc import MutableMapping
from time import perf_counter
from typing import Any, Protocol

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dify_hex.application.shared.rate_limiter import Allowance
from dify_hex.application.shared.telemetry import Counter, Telemetry
from dify_hex.application.shared.trace import enter_trace
from dify_hex.entrypoints.http.errors import error_response
from dify_hex.entrypoints.http.messages.catalogue import preferred_language
from dify_hex.entrypoints.http.middleware.tracing import (
    TrustedProxies,
    request_id_from,
    scheme_of,
    trace_from,
)
from dify_hex.entrypoints.http.problems import InternalError
from dify_hex.entrypoints.http.request_context import RequestContext, enter_request
from dify_hex.entrypoints.http.route_table import RouteTable

#: What a route shows in logs and figures when there is none.
UNMATCHED = "(unmatched)"

#: What every answer says, unless its route knows better.
_SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

_log = structlog.get_logger("dify_hex.http")


class RequestFigures(Protocol):
    """Takes the figures of each request."""

    def request_answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request under its route's template."""


class Observation:
    """Sees a request first and its answer last; nothing leaves without passing here.

    An exception that nobody expected becomes a 500 that holds nothing but the request id; the
    log has the rest.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        figures: RequestFigures,
        telemetry: Telemetry,
        routes: RouteTable,
        proxies: TrustedProxies,
    ) -> None:
        self._app = app
        self._figures = figures
        self._telemetry = telemetry
        self._routes = routes
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = self._enter(scope)
        exchange = _Exchange(scope, context, send, self._routes)
        try:
            await self._app(scope, receive, exchange.send)
        except Exception:
            _log.exception("http.failed", method=scope["method"], path=scope["path"])
            if exchange.status:
                raise
            await error_response(InternalError())(scope, receive, exchange.send)
        finally:
            self._report(scope, exchange)

    def _enter(self, scope: Scope) -> RequestContext:
        headers = dict(scope["headers"])
        peer = scope["client"][0] if scope.get("client") else ""
        trusted = self._proxies.trusts(peer)
        scope["scheme"] = scheme_of(scope.get("scheme", "http"), headers, trusted=trusted)
        trace_id, span_id = trace_from(headers.get(b"traceparent"))
        accept_language = headers.get(b"accept-language", b"").decode("latin-1")
        context = RequestContext(
            request_id=request_id_from(headers.get(b"x-request-id")),
            trace_id=trace_id,
            span_id=span_id,
            client_address=self._client(scope, peer) if trusted else peer,
            language=preferred_language(accept_language),
        )
        enter_request(context)
        enter_trace(trace_id)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=context.request_id, trace_id=trace_id)
        return context

    def _client(self, scope: Scope, peer: str) -> str:
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
        return self._proxies.client_of(peer, forwarded)

    def _report(self, scope: Scope, exchange: "_Exchange") -> None:
        facts = self._routes.find(scope.get("endpoint"))
        route = UNMATCHED if facts is None else facts.template
        seconds = exchange.seconds_to_answer()
        status = exchange.status or 499
        self._figures.request_answered(route, _method(scope), status, seconds)
        if facts is not None and facts.deprecated:
            self._telemetry.count(Counter.DEPRECATED_CALLS, route=route)
        quiet = route.startswith("/health/") and status < 400
        log = _log.debug if quiet else _log.info
        log(
            "http.request",
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            route=route,
            status=status,
            duration_ms=round(exchange.seconds_so_far() * 1000, 2),
            bytes=exchange.sent_bytes,
            client=exchange.context.client_address,
        )


class _Exchange:
    """One request on its way out: adds the headers, remembers what was sent."""

    def __init__(
        self, scope: Scope, context: RequestContext, send: Send, routes: RouteTable
    ) -> None:
        self._scope = scope
        self._routes = routes
        self._send = send
        self._began = perf_counter()
        self._answered: float | None = None
        self.context = context
        self.status = 0
        self.sent_bytes = 0

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answered = perf_counter()
            self._complete(message)
        elif message["type"] == "http.response.body":
            self.sent_bytes += len(message.get("body", b""))
        await self._send(message)

    def seconds_to_answer(self) -> float:
        """Until the answer began; until now when it never did."""
        return (self._answered or perf_counter()) - self._began

    def seconds_so_far(self) -> float:
        """Until now, the whole of a stream included."""
        return perf_counter() - self._began

    def _complete(self, message: MutableMapping[str, Any]) -> None:
        context = self.context
        headers: list[tuple[bytes, bytes]] = [*message.get("headers", ())]
        present = {name.lower() for name, _ in headers}
        headers.extend(header for header in _SAFE_HEADERS if header[0] not in present)
        headers.append((b"x-request-id", context.request_id.encode()))
        headers.append((b"traceparent", f"00-{context.trace_id}-{context.span_id}-01".encode()))
        if self._scope["scheme"] == "https":
            headers.append(_HSTS)
        if context.allowance is not None:
            headers.extend(_rate_headers(context.allowance))
        facts = self._routes.find(self._scope.get("endpoint"))
        if facts is not None and facts.deprecated:
            headers.append((b"deprecation", b"true"))
            if facts.sunset is not None:
                headers.append((b"sunset", facts.sunset.encode("latin-1")))
        message["headers"] = headers


def _rate_headers(allowance: Allowance) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"ratelimit-limit", str(allowance.limit).encode()),
        (b"ratelimit-remaining", str(max(0, allowance.remaining)).encode()),
        (b"ratelimit-reset", str(-int(-allowance.reset_after // 1)).encode()),
    )


def _method(scope: Scope) -> str:
    """The method, unless it is one that the caller made up."""
    method: str = scope["method"]
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return method if method in known else "OTHER"
