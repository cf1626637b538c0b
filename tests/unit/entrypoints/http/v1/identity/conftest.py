"""The routes of identity over memory, served in process."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import Response

from dify_hex.application.account.authenticate_caller import AuthenticateCaller
from dify_hex.application.account.change_password import ChangePassword
from dify_hex.application.account.complete_setup import CompleteSetup
from dify_hex.application.account.log_in import LogIn
from dify_hex.application.account.log_out import LogOut
from dify_hex.application.account.open_link import OpenLink
from dify_hex.application.account.refresh_session import RefreshSession
from dify_hex.application.account.set_password_by_link import SetPasswordByLink
from dify_hex.application.account.switch_tenant import SwitchTenant
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.entrypoints.http.app import HttpOptions, HttpParts, create_app
from dify_hex.entrypoints.http.authentication import CREDENTIAL_ERRORS, authenticate
from dify_hex.entrypoints.http.envelope import no_content
from dify_hex.entrypoints.http.guard import CallerLimits, Requires
from dify_hex.entrypoints.http.health import Health
from dify_hex.entrypoints.http.middleware.address_limit import AddressRates
from dify_hex.entrypoints.http.v1.auth.router import router as auth_router
from dify_hex.entrypoints.http.v1.setup.router import router as setup_router
from tests.fakes.identity import Identity
from tests.unit.entrypoints.http.parts import Parts

probe = APIRouter(prefix="/v1/probe")


@probe.api_route("", methods=["GET"], status_code=204)
async def ask(actor: Annotated[Actor, Requires()]) -> Response:
    """Anybody who is signed in may ask."""
    return no_content()


@probe.post("", status_code=204)
async def tell(actor: Annotated[Actor, Requires(Permission.APP_READ)]) -> Response:
    """Whoever may read apps may tell."""
    return no_content()


@pytest.fixture
def identity() -> Identity:
    return Identity()


@pytest.fixture
def app(identity: Identity) -> FastAPI:
    other = Parts()
    parts = HttpParts(
        use_cases={
            AuthenticateCaller: lambda: identity.authenticate,
            ChangePassword: lambda: identity.change_password,
            CompleteSetup: lambda: identity.complete_setup,
            LogIn: lambda: identity.log_in,
            LogOut: lambda: identity.log_out,
            OpenLink: lambda: identity.open_link,
            RefreshSession: lambda: identity.refresh,
            SetPasswordByLink: lambda: identity.set_password,
            SwitchTenant: lambda: identity.switch_tenant,
        },
        authenticate=authenticate,
        credential_errors=CREDENTIAL_ERRORS,
        caller_limits=CallerLimits(
            limiter=identity.limiter,
            tenant_capacity=100,
            tenant_refill_per_second=100,
            caller_capacity=100,
            caller_refill_per_second=100,
        ),
        idempotency=other.idempotency,
        health=Health(required={}),
        telemetry=other.telemetry,
        figures=other.telemetry,
        exposition=other.telemetry.exposition,
    )
    rates = AddressRates(
        capacity=1000,
        refill_per_second=1000,
        sign_in_capacity=100,
        sign_in_refill_per_second=100,
        form_file_capacity=60,
        form_file_refill_per_second=1,
    )
    return create_app(parts, HttpOptions(address_rates=rates), [auth_router, setup_router, probe])


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://test") as client:
        yield client
