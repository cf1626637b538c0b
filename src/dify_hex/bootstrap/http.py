"""The API process: the container, the application over it, and the server that serves it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from dify_hex.bootstrap.assembly import make_container, stop_runs
from dify_hex.bootstrap.checks import health_of
from dify_hex.bootstrap.container import Container
from dify_hex.bootstrap.lifespan import run_loops, running
from dify_hex.bootstrap.logging import configure_logging, listen_for_level_signals
from dify_hex.bootstrap.memory import CrowdWatch
from dify_hex.bootstrap.process import run_process, settle_memory
from dify_hex.bootstrap.server import make_server
from dify_hex.bootstrap.settings import Settings
from dify_hex.bootstrap.use_case_index import use_case_index
from dify_hex.domain.file.limits import MEGABYTE
from dify_hex.entrypoints.http.app import HttpOptions, HttpParts, create_app
from dify_hex.entrypoints.http.authentication import CREDENTIAL_ERRORS, authenticate
from dify_hex.entrypoints.http.guard import CallerLimits
from dify_hex.entrypoints.http.middleware.address_limit import AddressRates
from dify_hex.entrypoints.http.streaming.open_streams import StreamOptions
from dify_hex.entrypoints.http.v1.routes import ROUTERS
from dify_hex.entrypoints.worker.loops import BackgroundLoop

#: Bytes that a form may have beside its files.
_FORM_AROUND_FILES = 64 << 10


def main() -> None:
    """Serve the API until told to stop."""
    settings = Settings()
    configure_logging(settings.log.level, settings.log.format)
    listen_for_level_signals()
    run_process(serve(settings))


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM; then finish or release every run, and end streams in order."""
    container = make_container(settings, "api")
    app = make_app(container)

    async def before_stop() -> None:
        app.state.health.stopping = True
        await stop_runs(container)
        app.state.streams.close()

    await make_server(app, settings.server, before_stop).serve()


def make_app(container: Container) -> FastAPI:
    """The application over the container; its lifespan opens and closes what it stands on."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        crowds = CrowdWatch(lambda: app.state.streams.count)
        loops = [*run_loops(container), BackgroundLoop("crowd-watch", crowds.watch)]
        async with running(container, loops):
            settle_memory()
            yield

    return create_app(parts_of(container), options_of(container), ROUTERS, lifespan)


def parts_of(container: Container) -> HttpParts:
    """What the HTTP side needs, out of the container."""
    shared = container.shared()
    limits = shared.settings().limit
    telemetry = shared.telemetry()
    return HttpParts(
        use_cases=use_case_index(container),
        authenticate=authenticate,
        credential_errors=CREDENTIAL_ERRORS,
        caller_limits=CallerLimits(
            limiter=shared.rate_limiter(),
            tenant_capacity=limits.tenant_burst,
            tenant_refill_per_second=limits.tenant_per_second,
            caller_capacity=limits.caller_burst,
            caller_refill_per_second=limits.caller_per_second,
        ),
        idempotency=shared.idempotency(),
        health=health_of(container),
        telemetry=telemetry,
        figures=telemetry,
        exposition=telemetry.exposition,
    )


def options_of(container: Container) -> HttpOptions:
    """What the settings say about the HTTP side."""
    settings = container.shared().settings()
    server, limits = settings.server, settings.limit
    uploads = settings.knowledge.upload_megabytes * MEGABYTE
    largest_body = max(container.files().limits().largest, uploads)
    token = server.metrics_token
    return HttpOptions(
        address_rates=AddressRates(
            capacity=limits.address_burst,
            refill_per_second=limits.address_per_second,
            sign_in_capacity=limits.sign_in_burst,
            sign_in_refill_per_second=limits.sign_in_per_second,
            form_file_capacity=limits.form_file_burst,
            form_file_refill_per_second=limits.form_file_per_second,
        ),
        cors_origins=server.cors_origins,
        trusted_proxies=server.trusted_proxies,
        max_body_bytes=server.max_body_bytes,
        body_timeout=server.body_timeout,
        max_upload_bytes=largest_body + _FORM_AROUND_FILES,
        upload_timeout=settings.file.upload_timeout,
        max_requests_in_progress=server.max_requests_in_progress,
        metrics_token=None if token is None else token.get_secret_value(),
        streams=StreamOptions(
            ping_every=settings.run.stream_ping_seconds,
            max_length=settings.run.stream_max_seconds,
        ),
    )
