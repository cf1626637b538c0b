"""Limits by address, which stand before authentication."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from dify_hex.application.shared.rate_limiter import Bucket, RateLimiter
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.entrypoints.http.errors import error_response
from dify_hex.entrypoints.http.problems import RateLimited
from dify_hex.entrypoints.http.request_context import current_request

#: Where a password or a one-time token can be guessed.
_SIGN_IN_PATHS = ("/v1/auth/login", "/v1/auth/refresh", "/setup/", "/v1/forms/")
#: Where files come in for forms; one form may ask for many.
_FORMS, _FORM_FILES = "/v1/forms/", "/files"
#: What must answer whoever asks.
_FREE_PATHS = ("/health/", "/metrics")

#: Whoever has one IPv6 address has at least this whole network of them.
_IPV6_PREFIX = 64

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRates:
    """How often one address may ask, try to sign in, and hand in files for forms."""

    capacity: int
    refill_per_second: float
    sign_in_capacity: int
    sign_in_refill_per_second: float
    form_file_capacity: int
    form_file_refill_per_second: float


class AddressLimit:
    """Counts each request against its client's address; open when the limiter is unreachable."""

    def __init__(self, app: ASGIApp, *, limiter: RateLimiter, rates: AddressRates) -> None:
        self._app = app
        self._limiter = limiter
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"].startswith(_FREE_PATHS):
            await self._app(scope, receive, send)
            return
        context = current_request()
        try:
            allowance = await self._limiter.take(*self._buckets(scope, context.client_address))
        except Unavailable:
            _log.warning("rate_limit.skipped", reason="limiter unavailable")
            await self._app(scope, receive, send)
            return
        context.allowance = allowance
        if not allowance.allowed:
            problem = RateLimited(retry_after=allowance.retry_after)
            await error_response(problem)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _buckets(self, scope: Scope, address: str) -> tuple[Bucket, ...]:
        rates = self._rates
        address = counted_as(address)
        buckets = [
            Bucket(
                name=f"address:{address}",
                capacity=rates.capacity,
                refill_per_second=rates.refill_per_second,
            )
        ]
        path, posts = scope["path"], scope["method"] == "POST"
        if posts and path.startswith(_FORMS) and path.endswith(_FORM_FILES):
            buckets.append(
                Bucket(
                    name=f"form-file:{address}",
                    capacity=rates.form_file_capacity,
                    refill_per_second=rates.form_file_refill_per_second,
                )
            )
        elif posts and path.startswith(_SIGN_IN_PATHS):
            buckets.append(
                Bucket(
                    name=f"sign-in:{address}",
                    capacity=rates.sign_in_capacity,
                    refill_per_second=rates.sign_in_refill_per_second,
                )
            )
        return tuple(buckets)


def counted_as(address: str) -> str:
    """What stands for a client's address: of IPv6 the network that its owner commands."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))
