"""Identities as lists and pages show them."""

from dataclasses import dataclass
from datetime import datetime

from dify_hex.domain.account.account import AccountStatus, Language
from dify_hex.domain.account.api_key import ApiKeyKind
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDetail:
    """A tenant as its members see it."""

    id: TenantId
    name: str
    slug: str
    status: TenantStatus
    member_limit: int
    api_key_limit: int
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantMembership:
    """A tenant in the list of those that a person belongs to."""

    tenant_id: TenantId
    name: str
    slug: str
    status: TenantStatus
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person as they see themselves, in the tenant they are in."""

    account_id: AccountId
    email: str
    name: str
    language: Language
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSummary:
    """A member of a tenant."""

    account_id: AccountId
    email: str
    name: str
    role: Role
    status: AccountStatus
    joined_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeySummary:
    """A key without its secret."""

    id: ApiKeyId
    kind: ApiKeyKind
    name: str
    hint: str
    scopes: frozenset[Permission]
    app_id: AppId | None
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    created_by: AccountId | None
    created_at: datetime
