"""The tables of identity.

Tenant tables stand behind the tenant wall; of `tenants` itself each tenant sees its own row.
Accounts belong to no tenant. Their rows show themselves to tenants that they are a member of, and
their password hashes to no query at all: the application's login has not been granted that column.
Where a hash is needed, and wherever something must be found before the tenant is known, a narrow
`SECURITY DEFINER` function answers for one value at a time (`find_login`, `own_password_hash`,
`authenticate_api_key`, …). A forgotten filter, or a statement smuggled in, can so neither list
hashes nor walk through other tenants' people.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from dify_hex.adapters.persistence.base import Base, TenantRow, VersionColumn

TENANT_SLUG_UNIQUE = "uq_tenants_slug"
ACCOUNT_EMAIL_UNIQUE = "uq_accounts_email"
MEMBERSHIP_UNIQUE = "pk_memberships"


def _reference(column: str) -> ForeignKey:
    """Checked when the work ends: the order in which new rows are written does not matter."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class TenantTableRow(VersionColumn, Base):
    """A tenant; its own id is what the wall compares."""

    __tablename__ = "tenants"
    __table_args__ = (Index(TENANT_SLUG_UNIQUE, "slug", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    slug: Mapped[str]
    status: Mapped[str]
    member_limit: Mapped[int]
    api_key_limit: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AccountRow(VersionColumn, Base):
    """A person; the password hash is written here and never read from here."""

    __tablename__ = "accounts"
    __table_args__ = (Index(ACCOUNT_EMAIL_UNIQUE, "email", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    status: Mapped[str]
    password_hash: Mapped[str | None] = mapped_column(deferred=True, deferred_raiseload=True)
    failed_logins: Mapped[int]
    locked_until: Mapped[datetime | None]
    sessions_valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class MembershipRow(VersionColumn, Base):
    """What an account is in a tenant."""

    __tablename__ = "memberships"
    __table_args__ = (
        Index("ix_memberships_joined", "tenant_id", "created_at", "account_id"),
        Index("ix_memberships_account_id", "account_id"),
    )

    tenant_id: Mapped[UUID] = mapped_column(_reference("tenants.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(_reference("accounts.id"), primary_key=True)
    role: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ApiKeyRow(TenantRow, VersionColumn, Base):
    """A key's hash and what it may do; `last_used_at` is kept beside the aggregate."""

    __tablename__ = "api_keys"
    __table_args__ = (
        Index("uq_api_keys_secret_hash", "secret_hash", unique=True),
        Index("ix_api_keys_created", "tenant_id", "created_at", "id"),
        Index("ix_api_keys_app", "tenant_id", "app_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(BYTEA)
    hint: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    app_id: Mapped[UUID | None]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class SessionRow(TenantRow, VersionColumn, Base):
    """A signed-in device."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("uq_sessions_family_hash", "family_hash", unique=True),
        Index("ix_sessions_expires_at", "expires_at"),
        Index("ix_sessions_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    family_hash: Mapped[bytes] = mapped_column(BYTEA)
    token_hash: Mapped[bytes] = mapped_column(BYTEA)
    previous_hash: Mapped[bytes | None] = mapped_column(BYTEA)
    rotated_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str]
    address: Mapped[str]


class OneTimeLinkRow(TenantRow, VersionColumn, Base):
    """A link that lets someone in once; a set-up link's tenant does not exist yet."""

    __tablename__ = "one_time_links"
    __table_args__ = (
        Index("uq_one_time_links_token_hash", "token_hash", unique=True),
        Index("ix_one_time_links_expires_at", "expires_at"),
        Index("ix_one_time_links_account_id", "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(_reference("accounts.id"))
    purpose: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(BYTEA)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
