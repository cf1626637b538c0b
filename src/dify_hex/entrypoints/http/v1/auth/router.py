"""The routes of signing in and out."""

from typing import Annotated

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.account.change_password import ChangePassword
from dify_hex.application.account.log_in import LogIn
from dify_hex.application.account.log_out import LogOut
from dify_hex.application.account.refresh_session import RefreshSession, RefreshSessionCommand
from dify_hex.application.account.sign_in_limits import TooManyTries
from dify_hex.application.account.switch_tenant import SwitchTenant
from dify_hex.domain.account.errors import (
    InvalidEmail,
    LoginFailed,
    NoMembership,
    PeopleOnly,
    RefreshTokenReused,
    SessionEnded,
    TenantNotFound,
    TenantSuspended,
    WeakPassword,
    WrongPassword,
)
from dify_hex.entrypoints.http.authentication import CurrentActor
from dify_hex.entrypoints.http.envelope import Envelope, no_content
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import PUBLIC
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.auth.cookie import RefreshCookie, forget_cookie, tokens
from dify_hex.entrypoints.http.v1.auth.device import CallingDevice
from dify_hex.entrypoints.http.v1.auth.schemas import (
    ChangePasswordRequest,
    LoginRequest,
    LogoutRequest,
    SwitchTenantRequest,
    TokenResponse,
)

router = APIRouter(prefix="/v1/auth", tags=["Sign-in"])


@router.post(
    "/login",
    response_model=Envelope[TokenResponse],
    responses=errors(
        InvalidEmail, LoginFailed, NoMembership, TenantNotFound, TenantSuspended, TooManyTries
    ),
    openapi_extra={**PUBLIC},
)
async def log_in(
    request: Request,
    body: LoginRequest,
    device: CallingDevice,
    use_case: Annotated[LogIn, Inject(LogIn)],
) -> Response:
    """Sign in with e-mail and password."""
    return tokens(request, await use_case.execute(body.to_command(device)))


@router.post(
    "/refresh",
    response_model=Envelope[TokenResponse],
    responses=errors(SessionEnded, RefreshTokenReused, TenantSuspended),
    openapi_extra={**PUBLIC},
)
async def refresh_session(
    request: Request,
    use_case: Annotated[RefreshSession, Inject(RefreshSession)],
    refresh_token: RefreshCookie = None,
) -> Response:
    """Exchange the cookie's refresh token; a token used twice ends its session."""
    command = RefreshSessionCommand(token=refresh_token or "")
    return tokens(request, await use_case.execute(command))


@router.post("/logout", status_code=204, responses=errors(PeopleOnly, SessionEnded))
async def log_out(
    request: Request,
    actor: CurrentActor,
    use_case: Annotated[LogOut, Inject(LogOut)],
    body: LogoutRequest | None = None,
) -> Response:
    """End the present session, or every session of the account."""
    await use_case.execute(actor, (body or LogoutRequest(everywhere=False)).to_command())
    return forget_cookie(request, no_content())


@router.post(
    "/switch-tenant",
    response_model=Envelope[TokenResponse],
    responses=errors(PeopleOnly, SessionEnded, TenantNotFound, TenantSuspended),
)
async def switch_tenant(
    request: Request,
    body: SwitchTenantRequest,
    actor: CurrentActor,
    device: CallingDevice,
    use_case: Annotated[SwitchTenant, Inject(SwitchTenant)],
) -> Response:
    """Go on in another tenant that one belongs to; the present session ends."""
    return tokens(request, await use_case.execute(actor, body.to_command(device)))


@router.post(
    "/change-password",
    response_model=Envelope[TokenResponse],
    responses=errors(PeopleOnly, WrongPassword, WeakPassword),
)
async def change_password(
    request: Request,
    body: ChangePasswordRequest,
    actor: CurrentActor,
    device: CallingDevice,
    use_case: Annotated[ChangePassword, Inject(ChangePassword)],
) -> Response:
    """Change one's own password; every other session of the account ends."""
    return tokens(request, await use_case.execute(actor, body.to_command(device)))
