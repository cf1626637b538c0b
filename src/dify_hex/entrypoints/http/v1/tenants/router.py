"""The routes of tenants."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.account.create_tenant import CreateTenant
from dify_hex.application.account.ports import TenantReader
from dify_hex.application.account.rename_tenant import RenameTenant
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.errors import InvalidName, PeopleOnly, TenantNotFound
from dify_hex.domain.account.permissions import Permission
from dify_hex.entrypoints.http.authentication import CurrentActor
from dify_hex.entrypoints.http.envelope import Envelope, created, ok
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.v1.tenants.schemas import (
    CreatedTenantResponse,
    CreateTenantRequest,
    RenameTenantRequest,
    TenantResponse,
)

router = APIRouter(prefix="/v1/tenants", tags=["Tenants"])


@router.post(
    "",
    status_code=201,
    response_model=Envelope[CreatedTenantResponse],
    responses=errors(PeopleOnly, InvalidName),
)
async def create_tenant(
    body: CreateTenantRequest,
    actor: Annotated[Actor, Requires(Permission.TENANT_WRITE, idempotent=True)],
    use_case: Annotated[CreateTenant, Inject(CreateTenant)],
) -> Response:
    """Open another tenant and own it; the session stays in the present one."""
    tenant_id = await use_case.execute(actor, body.to_command())
    return created(CreatedTenantResponse(id=tenant_id), location="/v1/tenants/current")


@router.get("/current", response_model=Envelope[TenantResponse], responses=errors(TenantNotFound))
async def show_tenant(
    actor: CurrentActor, reader: Annotated[TenantReader, Inject(TenantReader)]
) -> Response:
    """The tenant that the credentials are for."""
    tenant = await reader.get_tenant(actor.tenant_id)
    return ok(TenantResponse.of(tenant), version=tenant.version)


@router.patch(
    "/current",
    response_model=Envelope[TenantResponse],
    responses=errors(TenantNotFound, InvalidName),
)
async def rename_tenant(
    body: RenameTenantRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.TENANT_WRITE)],
    use_case: Annotated[RenameTenant, Inject(RenameTenant)],
    reader: Annotated[TenantReader, Inject(TenantReader)],
) -> Response:
    """Give the tenant another name; its slug stays."""
    await use_case.execute(actor, body.to_command(expected))
    tenant = await reader.get_tenant(actor.tenant_id)
    return ok(TenantResponse.of(tenant), version=tenant.version)
