"""What the small application stands on: in-memory ports whose state tests can look at."""

import asyncio
from uuid import UUID

from starlette.requests import Request

from dify_hex.adapters.telemetry.prometheus import PrometheusTelemetry
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.rate_limiter import Allowance, Bucket, RateLimiter
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import Unauthenticated, Unavailable
from dify_hex.domain.shared.ids import AccountId, TenantId
from dify_hex.entrypoints.http.app import HttpParts
from dify_hex.entrypoints.http.guard import CallerLimits
from dify_hex.entrypoints.http.health import Health
from tests.fakes.memory_idempotency import MemoryIdempotencyStore

TENANT = TenantId(UUID("019aa0f0-0000-7000-8000-0000000000aa"))
ACCOUNT = AccountId(UUID("019aa0f0-0000-7000-8000-0000000000bb"))


class TokenInvalid(Unauthenticated):
    """The token is not valid."""

    code = "auth_required"


class Counting:
    """A use case that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_go_on = asyncio.Event()

    def next(self) -> int:
        self.asked += 1
        return self.asked


class MemoryRateLimiter(RateLimiter):
    """Buckets that never refill; `down` makes it unreachable."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}
        self.down = False

    async def take(self, *buckets: Bucket, cost: int = 1) -> Allowance:
        if self.down:
            raise Unavailable(dependency="redis")
        narrowest = min(buckets, key=lambda b: b.capacity - self.taken.get(b.name, 0))
        left = narrowest.capacity - self.taken.get(narrowest.name, 0)
        if left < cost:
            return Allowance(
                allowed=False,
                limit=narrowest.capacity,
                remaining=0,
                reset_after=30,
                retry_after=2.5,
            )
        for bucket in buckets:
            self.taken[bucket.name] = self.taken.get(bucket.name, 0) + cost
        return Allowance(
            allowed=True,
            limit=narrowest.capacity,
            remaining=left - cost,
            reset_after=1.2,
            retry_after=0,
        )


class Parts:
    """Everything together, with handles for tests."""

    def __init__(self) -> None:
        self.limiter = MemoryRateLimiter()
        self.idempotency = MemoryIdempotencyStore()
        self.telemetry = PrometheusTelemetry()
        self.counting = Counting()
        self.may_go_on = self.counting.may_go_on
        self.permissions = {Permission.APP_READ, Permission.APP_WRITE}
        self.broken_dependencies: set[str] = set()
        self.health = Health(
            required={"database": lambda: self._check("database")},
            optional={"model": lambda: self._check("model")},
        )

    def for_http(self) -> HttpParts:
        return HttpParts(
            use_cases={Counting: lambda: self.counting},
            authenticate=self._authenticate,
            credential_errors=(TokenInvalid,),
            caller_limits=CallerLimits(
                limiter=self.limiter,
                tenant_capacity=100,
                tenant_refill_per_second=100,
                caller_capacity=50,
                caller_refill_per_second=50,
            ),
            idempotency=self.idempotency,
            health=self.health,
            telemetry=self.telemetry,
            figures=self.telemetry,
            exposition=self.telemetry.exposition,
        )

    async def _authenticate(self, request: Request) -> Actor:
        if request.headers.get("authorization") != "Bearer good":
            raise TokenInvalid
        return Actor(tenant_id=TENANT, permissions=frozenset(self.permissions), account_id=ACCOUNT)

    async def _check(self, name: str) -> None:
        if name in self.broken_dependencies:
            raise Unavailable(f"{name} is down")
