"""Where a request carries its credentials, and whom they stand for."""

from typing import Annotated, cast
from uuid import UUID

from starlette.requests import Request

from dify_hex.application.account.authenticate_caller import (
    AuthenticateCaller,
    AuthenticateCallerCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyWithdrawn,
    TenantMismatch,
    TenantSuspended,
    TokenExpired,
    TokenInvalid,
)
from dify_hex.domain.shared.errors import DomainError, Unauthenticated
from dify_hex.domain.shared.ids import TenantId
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import UseCaseIndex

#: What a route can be answered with because of bad credentials.
CREDENTIAL_ERRORS: tuple[type[DomainError], ...] = (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyWithdrawn,
    TokenExpired,
    TokenInvalid,
    TenantMismatch,
    TenantSuspended,
)

_SCHEME = "bearer "
_KEY_HEADER = "x-api-key"
_KEY_PARAMETER = "api_key"
_TENANT_HEADER = "x-tenant-id"

#: Whoever is signed in, with whatever permissions.
CurrentActor = Annotated[Actor, Requires()]


async def authenticate(request: Request) -> Actor:
    """The caller of a request.

    Raises:
        Unauthenticated: there are no credentials, or none that are good; a subclass says why.
        TenantMismatch: they are for another tenant than X-Tenant-ID names.
        TenantSuspended: their tenant is suspended.
    """
    index: UseCaseIndex = request.app.state.use_cases
    use_case = cast(AuthenticateCaller, index[AuthenticateCaller]())
    command = AuthenticateCallerCommand(
        credential=_credential(request), tenant_id=_claimed_tenant(request)
    )
    return await use_case.execute(command)


def _credential(request: Request) -> str:
    headers = request.headers
    authorization = headers.get("authorization")
    if authorization is not None:
        # What stands in this header is meant; nothing else is tried in its place.
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise Unauthenticated
        credential = authorization[len(_SCHEME) :].strip()
    elif _KEY_HEADER in headers:
        credential = headers[_KEY_HEADER].strip()
    elif request.method == "GET":
        credential = request.query_params.get(_KEY_PARAMETER, "")
    else:
        credential = ""
    if not credential:
        raise Unauthenticated
    return credential


def _claimed_tenant(request: Request) -> TenantId | None:
    claimed = request.headers.get(_TENANT_HEADER)
    if claimed is None:
        return None
    try:
        return TenantId(UUID(claimed))
    except ValueError:
        raise TenantMismatch from None
