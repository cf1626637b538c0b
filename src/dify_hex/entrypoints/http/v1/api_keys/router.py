"""The routes of API keys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from dify_hex.application.account.create_api_key import CreateApiKey
from dify_hex.application.account.ports import ApiKeyReader
from dify_hex.application.account.revoke_api_key import RevokeApiKey, RevokeApiKeyCommand
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.errors import (
    ApiKeyNotFound,
    BoundAppNotFound,
    ExpiryInPast,
    InvalidName,
    NoScopes,
    ScopeAboveOwn,
    ScopeNotForApp,
    TenantFull,
)
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import ApiKeyId, AppId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    PageEnvelope,
    created,
    no_content,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.idempotency import keep_instead
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.v1.api_keys.schemas import (
    ApiKeyResponse,
    CreateApiKeyRequest,
    CreatedApiKeyResponse,
)

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"])


@router.get("", response_model=PageEnvelope[ApiKeyResponse])
async def list_api_keys(
    actor: Annotated[Actor, Requires(Permission.KEY_READ)],
    reader: Annotated[ApiKeyReader, Inject(ApiKeyReader)],
    page: Annotated[PageRequest, Paging(sortable=("created_at",), default="-created_at")],
    app_id: Annotated[UUID | None, Query(description="Keys bound to this app only.")] = None,
) -> Response:
    """Keys of the tenant, newest first, revoked ones included."""
    app = None if app_id is None else AppId(app_id)
    found = await reader.list_api_keys(actor.tenant_id, page, app_id=app)
    return page_of(found, map(ApiKeyResponse.of, found.items))


@router.post(
    "",
    status_code=201,
    response_model=Envelope[CreatedApiKeyResponse],
    responses=errors(
        BoundAppNotFound,
        TenantFull,
        ScopeAboveOwn,
        ScopeNotForApp,
        NoScopes,
        ExpiryInPast,
        InvalidName,
    ),
)
async def create_api_key(
    request: Request,
    body: CreateApiKeyRequest,
    actor: Annotated[Actor, Requires(Permission.KEY_WRITE, idempotent=True)],
    use_case: Annotated[CreateApiKey, Inject(CreateApiKey)],
    reader: Annotated[ApiKeyReader, Inject(ApiKeyReader)],
) -> Response:
    """Make a key and show its secret, this once."""
    made = await use_case.execute(actor, body.to_command())
    key = await reader.get_api_key(actor.tenant_id, made.id)
    location = f"/v1/api-keys/{made.id}"
    keep_instead(request, created(CreatedApiKeyResponse.showing(key, None), location=location))
    return created(CreatedApiKeyResponse.showing(key, made.secret), location=location)


@router.get(
    "/{api_key_id}", response_model=Envelope[ApiKeyResponse], responses=errors(ApiKeyNotFound)
)
async def show_api_key(
    api_key_id: UUID,
    actor: Annotated[Actor, Requires(Permission.KEY_READ)],
    reader: Annotated[ApiKeyReader, Inject(ApiKeyReader)],
) -> Response:
    """One key, without its secret."""
    return ok(ApiKeyResponse.of(await reader.get_api_key(actor.tenant_id, ApiKeyId(api_key_id))))


@router.delete("/{api_key_id}", status_code=204, responses=errors(ApiKeyNotFound, StaleVersion))
async def revoke_api_key(
    api_key_id: UUID,
    actor: Annotated[Actor, Requires(Permission.KEY_WRITE)],
    use_case: Annotated[RevokeApiKey, Inject(RevokeApiKey)],
) -> Response:
    """Make the key useless from the next request on; it stays in the list."""
    await use_case.execute(actor, RevokeApiKeyCommand(api_key_id=ApiKeyId(api_key_id)))
    return no_content()
