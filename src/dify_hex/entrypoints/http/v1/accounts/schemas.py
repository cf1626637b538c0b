"""A person as they see themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from dify_hex.application.account.get_me import Me
from dify_hex.domain.account.account import Language
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.entrypoints.http.envelope import Schema


class OwnTenantResponse(Schema):
    """A tenant that one belongs to."""

    id: UUID
    name: str = Field(examples=["Analytical Engines"])
    slug: str
    status: TenantStatus
    role: Role


class MeResponse(Schema):
    """Who one is, and what one may do in the present tenant."""

    id: UUID
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada Lovelace"])
    language: Language
    created_at: datetime
    tenant_id: UUID
    role: Role
    permissions: Sequence[Permission]
    tenants: Sequence[OwnTenantResponse]

    @classmethod
    def of(cls, me: Me) -> Self:
        profile = me.profile
        return cls(
            id=profile.account_id,
            email=profile.email,
            name=profile.name,
            language=profile.language,
            created_at=profile.created_at,
            tenant_id=me.tenant_id,
            role=profile.role,
            permissions=sorted(me.permissions),
            tenants=[
                OwnTenantResponse(
                    id=tenant.tenant_id,
                    name=tenant.name,
                    slug=tenant.slug,
                    status=tenant.status,
                    role=tenant.role,
                )
                for tenant in me.tenants
            ],
        )
