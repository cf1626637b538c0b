"""Tenants on the wire."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from dify_hex.application.account.create_tenant import CreateTenantCommand
from dify_hex.application.account.read_models import TenantDetail
from dify_hex.application.account.rename_tenant import RenameTenantCommand
from dify_hex.domain.account.names import MAX_NAME
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.entrypoints.http.envelope import Schema

_Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME)]


class CreateTenantRequest(Schema):
    """What the tenant is called."""

    name: _Name = Field(examples=["Analytical Engines"])

    def to_command(self) -> CreateTenantCommand:
        return CreateTenantCommand(name=self.name)


class RenameTenantRequest(Schema):
    """What the tenant is called from now on."""

    name: _Name = Field(examples=["Difference Engines"])

    def to_command(self, expected_version: int | None) -> RenameTenantCommand:
        return RenameTenantCommand(name=self.name, expected_version=expected_version)


class CreatedTenantResponse(Schema):
    """The new tenant; switch to it to work in it."""

    id: UUID


class TenantResponse(Schema):
    """A tenant as its members and keys see it."""

    id: UUID
    name: str
    slug: str
    status: TenantStatus
    member_limit: int
    api_key_limit: int
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, tenant: TenantDetail) -> Self:
        return cls(
            id=tenant.id,
            name=tenant.name,
            slug=tenant.slug,
            status=tenant.status,
            member_limit=tenant.member_limit,
            api_key_limit=tenant.api_key_limit,
            created_at=tenant.created_at,
            updated_at=tenant.updated_at,
            version=tenant.version,
        )
