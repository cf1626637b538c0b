"""Who may call a route: declared once in its signature, enforced here, shown in OpenAPI."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from fastapi import Depends
from starlette.requests import Request

from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.rate_limiter import Bucket, RateLimiter
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.entrypoints.http.idempotency import begin_attempt
from dify_hex.entrypoints.http.problems import RateLimited
from dify_hex.entrypoints.http.request_context import current_request

#: Turns a request's credentials into an actor, or raises `Unauthenticated`.
Authenticate = Callable[[Request], Awaitable[Actor]]

#: The mark of a route that needs no credentials: `openapi_extra=PUBLIC`.
PUBLIC: Mapping[str, str] = {"x-permission": "public"}
#: What a route shows that asks for credentials, and for no permission in particular.
ANYONE_SIGNED_IN = "authenticated"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimits:
    """How often one tenant, and one caller in it, may ask."""

    limiter: RateLimiter
    tenant_capacity: int
    tenant_refill_per_second: float
    caller_capacity: int
    caller_refill_per_second: float

    async def take(self, actor: Actor) -> None:
        """Count one request against the tenant and the caller.

        While the limiter is unreachable everybody passes: a lost cache must not lock out
        every customer.

        Raises:
            RateLimited: one of the two buckets is empty.
        """
        try:
            allowance = await self.limiter.take(
                Bucket(
                    name=f"tenant:{actor.tenant_id}",
                    capacity=self.tenant_capacity,
                    refill_per_second=self.tenant_refill_per_second,
                ),
                Bucket(
                    name=f"caller:{caller_of(actor)}",
                    capacity=self.caller_capacity,
                    refill_per_second=self.caller_refill_per_second,
                ),
            )
        except Unavailable:
            _log.warning("rate_limit.skipped", reason="limiter unavailable")
            return
        current_request().allowance = allowance
        if not allowance.allowed:
            raise RateLimited(retry_after=allowance.retry_after)


class Guard:
    """The dependency behind `Requires`; a plain object, so that OpenAPI can show what it asks."""

    __slots__ = ("idempotent", "permission")

    def __init__(self, permission: Permission | None, *, idempotent: bool) -> None:
        self.permission = permission
        self.idempotent = idempotent

    async def __call__(self, request: Request) -> Actor:
        """The caller, once everything that stands before the use case has let them pass.

        Raises:
            Unauthenticated: no credentials, or none that are valid any more.
            RateLimited: the tenant or the caller asks too often.
            PermissionDenied: the caller lacks the permission.
            AlreadyAnswered: the request repeats one that was answered.
        """
        state = request.app.state
        authenticate: Authenticate = state.authenticate
        limits: CallerLimits = state.caller_limits
        actor = await authenticate(request)
        structlog.contextvars.bind_contextvars(tenant_id=str(actor.tenant_id))
        await limits.take(actor)
        if self.permission is not None:
            actor.require(self.permission)
        if self.idempotent:
            await begin_attempt(request, tenant_id=actor.tenant_id, caller=caller_of(actor))
        return actor

    @property
    def shown_as(self) -> str:
        """The value of `x-permission` in OpenAPI."""
        return ANYONE_SIGNED_IN if self.permission is None else self.permission.value


def Requires(  # noqa: N802 - reads as a marker in Annotated
    permission: Permission | None = None, *, idempotent: bool = False
) -> object:
    """Mark a parameter of type Actor as the caller, who must have the permission.

    Without a permission anyone signed in may call. `idempotent` makes the route obey
    `Idempotency-Key`; every POST that creates or runs says so.
    """
    return Depends(Guard(permission, idempotent=idempotent))


def caller_of(actor: Actor) -> str:
    """What tells one caller of a tenant from another."""
    return str(actor.api_key_id or actor.account_id)
