"""The guarded client: every server and every address it meets is judged before it is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from time import perf_counter

import httpcore

from dify_hex.adapters.outbound_http.answer_body import AnswerBody
from dify_hex.adapters.outbound_http.answer_boundary import MAX_HEAD_BYTES
from dify_hex.adapters.outbound_http.asking import Asking
from dify_hex.adapters.outbound_http.fair_shares import FairShares, NoneFree
from dify_hex.adapters.outbound_http.sending import Sender
from dify_hex.application.shared.outbound_http import (
    Headers,
    OutboundHttp,
    OutboundLimits,
    OutboundRequest,
    OutboundResponse,
    OutboundStream,
)
from dify_hex.application.shared.telemetry import Counter, Histogram, Telemetry
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.outbound_errors import (
    OutboundBusy,
    OutboundRedirectsExceeded,
    OutboundResponseInvalid,
    OutboundResponseTooLarge,
    OutboundUrlInvalid,
)
from dify_hex.domain.shared.values.outbound_url import OutboundUrl

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HEADERS = 256
#: Longest wait for a tenant's other requests to end.
_PATIENCE = 10.0


class GuardedOutboundHttp(OutboundHttp):
    """One per process. Keeps connections, per tenant and route; nothing else between requests.

    Follows redirects itself, so that each is judged like a first request.
    """

    def __init__(
        self,
        *,
        sender: Sender,
        shares: FairShares,
        ceiling: OutboundLimits,
        telemetry: Telemetry,
    ) -> None:
        self._sender = sender
        self._shares = shares
        self._ceiling = ceiling
        self._telemetry = telemetry

    async def send(self, request: OutboundRequest) -> OutboundResponse:
        """Ask, and take the whole answer."""
        async with self.stream(request) as answer:
            body = b"".join([part async for part in answer.body])
            return OutboundResponse(
                status=answer.status, headers=answer.headers, body=body, url=answer.url
            )

    @asynccontextmanager
    async def stream(self, request: OutboundRequest) -> AsyncIterator[OutboundStream]:
        """Ask, and read the answer's body inside the context."""
        limits = request.limits.within(self._ceiling)
        deadline = asyncio.get_running_loop().time() + limits.total_seconds
        with _Measured(self._telemetry):
            asking = Asking.first(request)
            share = self._shares.taking(str(request.tenant_id), patience=_PATIENCE)
            try:
                async with share, self._answering(asking, request, limits, deadline) as answer:
                    yield answer
            except NoneFree:
                raise OutboundBusy(host=asking.url.host) from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sender.aclose()

    @asynccontextmanager
    async def _answering(
        self, asking: Asking, request: OutboundRequest, limits: OutboundLimits, deadline: float
    ) -> AsyncIterator[OutboundStream]:
        asking, response = await self._answer(asking, request, limits, deadline)
        try:
            host = asking.url.host
            headers = _checked_headers(host, response)
            body = AnswerBody(host, response, headers)
            parts = body.parts(limit=limits.max_body_bytes, deadline=deadline)
            async with aclosing(parts):
                yield OutboundStream(
                    status=response.status, headers=headers, body=parts, url=str(asking.url)
                )
        finally:
            await response.aclose()

    async def _answer(
        self, asking: Asking, request: OutboundRequest, limits: OutboundLimits, deadline: float
    ) -> tuple[Asking, httpcore.Response]:
        """The answer that is no redirect any more, and what was asked for it in the end."""
        for _ in range(limits.max_redirects + 1):
            response = await self._sender.send(asking, request, limits, deadline)
            location = None if limits.max_redirects == 0 else _location(response)
            if location is None:
                return asking, response
            await response.aclose()
            asking = asking.redirected(response.status, _target(asking.url, location))
        raise OutboundRedirectsExceeded(host=asking.url.host, limit=limits.max_redirects)


class _Measured:
    """Counts an exchange by how it ended: `answered`, `left`, or the code of its failure."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._begin = perf_counter()

    def __enter__(self) -> None:
        self._begin = perf_counter()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        outcome = "answered" if error is None else "left"
        if isinstance(error, DomainError) and error.code.startswith("outbound_"):
            outcome = error.code.removeprefix("outbound_")
        self._telemetry.count(Counter.OUTBOUND_REQUESTS, outcome=outcome)
        self._telemetry.observe(Histogram.OUTBOUND_SECONDS, perf_counter() - self._begin)


def _location(response: httpcore.Response) -> str | None:
    if response.status not in _REDIRECTS:
        return None
    for name, value in response.headers:
        if name.lower() == b"location":
            return value.decode("utf-8", errors="replace")
    return None


def _target(url: OutboundUrl, location: str) -> OutboundUrl:
    try:
        return url.follow(location)
    except OutboundUrlInvalid:
        raise OutboundResponseInvalid(host=url.host, reason="location") from None


def _checked_headers(host: str, response: httpcore.Response) -> Headers:
    if len(response.headers) > _MAX_HEADERS:
        raise OutboundResponseTooLarge(host=host, part="headers", limit=_MAX_HEADERS)
    if sum(len(name) + len(value) for name, value in response.headers) > MAX_HEAD_BYTES:
        raise OutboundResponseTooLarge(host=host, part="head", limit=MAX_HEAD_BYTES)
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers
    )
