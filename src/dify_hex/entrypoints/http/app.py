"""The HTTP application: its routes, its errors, and the layers that every request passes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.shared.idempotency import IdempotencyStore
from dify_hex.application.shared.telemetry import Telemetry
from dify_hex.domain.shared.errors import DomainError
from dify_hex.entrypoints.http import health
from dify_hex.entrypoints.http.docs import documentation_routes
from dify_hex.entrypoints.http.errors import error_response, validation_error
from dify_hex.entrypoints.http.guard import Authenticate, CallerLimits
from dify_hex.entrypoints.http.idempotency import AlreadyAnswered, replayed
from dify_hex.entrypoints.http.injection import UseCaseIndex, check_index
from dify_hex.entrypoints.http.metrics import Exposition, metrics_route
from dify_hex.entrypoints.http.middleware.address_limit import AddressLimit, AddressRates
from dify_hex.entrypoints.http.middleware.body import BodyGuard, BodyLimits
from dify_hex.entrypoints.http.middleware.negotiation import Negotiation
from dify_hex.entrypoints.http.middleware.observation import Observation, RequestFigures
from dify_hex.entrypoints.http.middleware.overload import Overload
from dify_hex.entrypoints.http.middleware.replay import Replay
from dify_hex.entrypoints.http.middleware.tracing import TrustedProxies
from dify_hex.entrypoints.http.openapi import openapi_document
from dify_hex.entrypoints.http.problems import (
    BodyTooLarge,
    MalformedRequest,
    MethodNotAllowed,
    RouteNotFound,
)
from dify_hex.entrypoints.http.route_table import RouteTable
from dify_hex.entrypoints.http.streaming.open_streams import OpenStreams, StreamOptions

API_VERSION = "1.0.0"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """What an operator decides about the HTTP side."""

    address_rates: AddressRates
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    max_body_bytes: int = 1 << 20
    body_timeout: float = 30.0
    #: Of a body that is read as it comes, and seconds until all of it must be there.
    max_upload_bytes: int = 101 << 20
    upload_timeout: float = 3600.0
    max_requests_in_progress: int = 1024
    metrics_token: str | None = None
    streams: StreamOptions = field(default_factory=StreamOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpParts:
    """What the HTTP side needs from the rest of the process."""

    use_cases: UseCaseIndex
    authenticate: Authenticate
    #: What bad credentials can be answered with, for the documentation.
    credential_errors: tuple[type[DomainError], ...]
    caller_limits: CallerLimits
    idempotency: IdempotencyStore
    health: health.Health
    telemetry: Telemetry
    figures: RequestFigures
    exposition: Exposition


def create_app(
    parts: HttpParts,
    options: HttpOptions,
    routers: Sequence[APIRouter],
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Assemble the application, and refuse to when its routes do not fit together.

    Raises:
        NotInIndex: a route asks for a type that nobody provides.
        UnguardedRoute: a route says neither whom it admits nor that it is public.
        AmbiguousOperation: two routes would share an operation id.
    """
    app = FastAPI(
        title="dify_hex",
        version=API_VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in (*routers, health.router):
        app.include_router(router)
    table = RouteTable(app.routes)
    check_index(parts.use_cases, (facts.dependant for facts in table))
    document = partial(openapi_document, app, table, parts.credential_errors)
    app.router.routes.extend(documentation_routes(document))
    if options.metrics_token is not None:
        app.router.routes.append(metrics_route(parts.exposition, options.metrics_token))
    app.state.use_cases = parts.use_cases
    app.state.authenticate = parts.authenticate
    app.state.caller_limits = parts.caller_limits
    app.state.idempotency = parts.idempotency
    app.state.health = parts.health
    app.state.route_table = table
    app.state.openapi = document
    app.state.streams = OpenStreams(parts.telemetry, options.streams)
    _handle_errors(app, table)
    _add_layers(app, table, parts, options)
    return app


def _add_layers(app: FastAPI, table: RouteTable, parts: HttpParts, options: HttpOptions) -> None:
    """Wrap the routes; the last layer added is the first that a request meets."""
    app.add_middleware(Replay)
    app.add_middleware(
        BodyGuard,
        limits=BodyLimits(max_bytes=options.max_body_bytes, timeout=options.body_timeout),
        streamed=table.reads_as_it_comes,
        streamed_limits=BodyLimits(
            max_bytes=options.max_upload_bytes,
            timeout=options.upload_timeout,
            pause_timeout=options.body_timeout,
        ),
    )
    app.add_middleware(Negotiation, routes=table)
    app.add_middleware(
        AddressLimit, limiter=parts.caller_limits.limiter, rates=options.address_rates
    )
    if options.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(options.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Accept-Language",
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "Last-Event-ID",
                "X-API-Key",
                "X-Request-Id",
                "X-Tenant-ID",
            ],
            expose_headers=[
                "Content-Disposition",
                "ETag",
                "Location",
                "Retry-After",
                "X-Request-Id",
            ],
            allow_credentials="*" not in options.cors_origins,
            max_age=600,
        )
    app.add_middleware(Overload, limit=options.max_requests_in_progress)
    app.add_middleware(
        Observation,
        figures=parts.figures,
        telemetry=parts.telemetry,
        routes=table,
        proxies=TrustedProxies.parse(options.trusted_proxies),
    )


def _handle_errors(app: FastAPI, table: RouteTable) -> None:
    async def answer(request: Request, error: Exception) -> Response:
        match error:
            case DomainError():
                return error_response(error)
            case AlreadyAnswered():
                return replayed(error.answer)
            case RequestValidationError():
                return error_response(validation_error(error))
            case HTTPException():
                return error_response(_problem_of(error, request, table))
            case _:
                raise error

    for kind in (DomainError, AlreadyAnswered, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, answer)


def _problem_of(error: HTTPException, request: Request, table: RouteTable) -> DomainError:
    match error.status_code:
        case 404:
            return RouteNotFound()
        case 405:
            return MethodNotAllowed(allow=list(table.allowed_methods(request.url.path)))
        case 413:
            return BodyTooLarge()
        case _:
            return MalformedRequest()
