"""Whether the process lives, whether it can serve, and how each of its dependencies does."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic, perf_counter

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.domain.shared.errors import DomainError
from dify_hex.entrypoints.http.envelope import Schema
from dify_hex.entrypoints.http.guard import PUBLIC

#: Fails by raising; its result, if any, is what is worth showing.
Check = Callable[[], Awaitable[Mapping[str, object] | None]]

#: Seconds until a dependency that does not answer counts as down.
_CHECK_TIMEOUT = 2.0
#: Seconds that a report is good for, so that asking often costs nothing.
_REPORT_LASTS = 1.0


class CheckReport(Schema):
    """How one dependency does."""

    status: str
    latency_ms: float
    error: str | None = None
    details: dict[str, object] | None = None


class HealthReport(Schema):
    """How the process and its dependencies do."""

    status: str
    checks: dict[str, CheckReport]


@dataclass(slots=True, kw_only=True)
class Health:
    """The checks of one process: those it cannot serve without, and those it can."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)
    #: Set when the process has been told to stop, so that balancers send no more.
    stopping: bool = False
    _reports: dict[bool, tuple[float, HealthReport]] = field(default_factory=dict)
    _under_way: dict[bool, asyncio.Task[HealthReport]] = field(default_factory=dict)

    async def report(self, *, deep: bool) -> HealthReport:
        """Ask every dependency, or share an answer that is fresh or being waited for."""
        known = self._reports.get(deep)
        if known is not None and monotonic() - known[0] < _REPORT_LASTS:
            return known[1]
        asking = self._under_way.get(deep)
        if asking is None:
            asking = asyncio.create_task(self._ask(deep=deep), name="health")
            self._under_way[deep] = asking
            asking.add_done_callback(lambda _: self._under_way.pop(deep, None))
        # One probe that gives up must not take the answer from the others.
        return await asyncio.shield(asking)

    async def _ask(self, *, deep: bool) -> HealthReport:
        checks = {**self.required, **(self.optional if deep else {})}
        results = await asyncio.gather(*map(_timed, checks.values()))
        by_name = dict(zip(checks, results, strict=True))
        healthy = all(by_name[name].status == "ok" for name in self.required)
        report = HealthReport(status="ok" if healthy else "unavailable", checks=by_name)
        self._reports[deep] = (monotonic(), report)
        return report


router = APIRouter(prefix="/health", tags=["Health"])

_UNHEALTHY: dict[int | str, dict[str, object]] = {
    503: {"model": HealthReport, "description": "A dependency is down, or the process is stopping."}
}


@router.get("/live", openapi_extra={**PUBLIC}, response_model=HealthReport)
async def check_liveness() -> Response:
    """The process runs; nothing else is asked."""
    return _answer(HealthReport(status="ok", checks={}))


@router.get("/ready", openapi_extra={**PUBLIC}, response_model=HealthReport, responses=_UNHEALTHY)
async def check_readiness(request: Request) -> Response:
    """Database, Redis and migrations are as this process needs them."""
    health: Health = request.app.state.health
    if health.stopping:
        return _answer(HealthReport(status="stopping", checks={}))
    return _answer(await health.report(deep=False))


@router.get("/deep", openapi_extra={**PUBLIC}, response_model=HealthReport, responses=_UNHEALTHY)
async def check_dependencies(request: Request) -> Response:
    """Every dependency with its latency, those that the process can do without included."""
    health: Health = request.app.state.health
    return _answer(await health.report(deep=True))


def _answer(report: HealthReport) -> Response:
    status = 200 if report.status == "ok" else 503
    return Response(orjson.dumps(report.model_dump()), status, media_type="application/json")


async def _timed(check: Check) -> CheckReport:
    began = perf_counter()
    error: str | None = None
    details: Mapping[str, object] | None = None
    try:
        async with asyncio.timeout(_CHECK_TIMEOUT):
            details = await check()
    except TimeoutError:
        error = f"no answer within {_CHECK_TIMEOUT:g} s"
    except DomainError as failure:
        error = failure.message
    except Exception as failure:  # noqa: BLE001 - a check reports whatever is wrong
        error = type(failure).__name__
    latency = round((perf_counter() - began) * 1000, 2)
    return CheckReport(
        status="ok" if error is None else "down",
        latency_ms=latency,
        error=error,
        details=dict(details) if details else None,
    )
