"""Identities for tests, with everything that does not matter filled in."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from dify_hex.application.account.secret_texts import hash_of
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.account import Account, Language
from dify_hex.domain.account.api_key import ApiKey
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import OneTimeLink
from dify_hex.domain.account.permissions import Permission, Role, permissions_of
from dify_hex.domain.account.session import Session
from dify_hex.domain.account.tenant import Tenant
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    OneTimeLinkId,
    SessionId,
    TenantId,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TENANT = TenantId(UUID(int=1))
ADA = AccountId(UUID(int=2))
GRACE = AccountId(UUID(int=3))
SESSION = SessionId(UUID(int=4))
EMAIL = EmailAddress("ada@example.com")
PASSWORD = "tall-green-river-17"
OWNER_PERMISSIONS = permissions_of(Role.OWNER)
ADMIN_PERMISSIONS = permissions_of(Role.ADMIN)


def a_tenant(*, id: TenantId = TENANT, name: str = "Analytical Engines") -> Tenant:
    """A tenant just made."""
    return Tenant.create(id=id, name=name, now=NOW)


def an_account(
    *,
    id: AccountId = ADA,
    email: str = EMAIL.text,
    name: str = "Ada Lovelace",
    password_hash: str | None = "hash",
    now: datetime = NOW,
) -> Account:
    """An account just made."""
    return Account.create(
        id=id,
        email=EmailAddress.parse(email),
        name=name,
        language=Language.ENGLISH,
        password_hash=password_hash,
        now=now,
    )


def a_membership(
    role: Role = Role.OWNER,
    *,
    account_id: AccountId = ADA,
    tenant_id: TenantId = TENANT,
    now: datetime = NOW,
) -> Membership:
    """A membership just made by an owner."""
    return Membership.create(
        tenant_id=tenant_id,
        account_id=account_id,
        role=role,
        granted=OWNER_PERMISSIONS,
        added_by=ADA,
        now=now,
    )


def a_key(
    *,
    id: ApiKeyId | None = None,
    tenant_id: TenantId = TENANT,
    name: str = "bot",
    secret: str = "sk-secret",
    scopes: frozenset[Permission] = frozenset({Permission.APP_RUN}),
    granted: frozenset[Permission] = OWNER_PERMISSIONS,
    app_id: AppId | None = None,
    expires_at: datetime | None = None,
    now: datetime = NOW,
) -> ApiKey:
    """A key just made."""
    return ApiKey.create(
        id=id or ApiKeyId(new_id()),
        tenant_id=tenant_id,
        name=name,
        secret_hash=hash_of(secret),
        hint="sk-secr…cret",
        scopes=scopes,
        granted=granted,
        app_id=app_id,
        expires_at=expires_at,
        created_by=ADA,
        now=now,
    )


def a_session(
    *,
    id: SessionId = SESSION,
    tenant_id: TenantId = TENANT,
    account_id: AccountId = ADA,
    family: bytes = b"family",
    token: bytes = b"first",
    lifetime: timedelta = timedelta(days=30),
    now: datetime = NOW,
) -> Session:
    """A session just opened."""
    return Session.open(
        id=id,
        tenant_id=tenant_id,
        account_id=account_id,
        family_hash=family,
        token_hash=token,
        lifetime=lifetime,
        user_agent="tests",
        address="192.0.2.1",
        now=now,
    )


def a_setup_link(
    *, token: str = "once-token", tenant_id: TenantId = TENANT, now: datetime = NOW
) -> OneTimeLink:
    """A set-up link that is good for a day."""
    return OneTimeLink.for_set_up(
        id=OneTimeLinkId(new_id()),
        tenant_id=tenant_id,
        token_hash=hash_of(token),
        lifetime=timedelta(days=1),
        now=now,
    )


def a_password_link(
    *,
    token: str = "once-token",
    tenant_id: TenantId = TENANT,
    account_id: AccountId = ADA,
    now: datetime = NOW,
) -> OneTimeLink:
    """A link for a first password that is good for a day."""
    return OneTimeLink.for_password(
        id=OneTimeLinkId(new_id()),
        tenant_id=tenant_id,
        account_id=account_id,
        token_hash=hash_of(token),
        lifetime=timedelta(days=1),
        now=now,
    )


def a_person(
    role: Role = Role.OWNER,
    *,
    tenant_id: TenantId = TENANT,
    account_id: AccountId = ADA,
    session_id: SessionId = SESSION,
) -> Actor:
    """A signed-in person."""
    return Actor(
        tenant_id=tenant_id,
        permissions=permissions_of(role),
        account_id=account_id,
        session_id=session_id,
    )


def a_machine(*scopes: Permission, tenant_id: TenantId = TENANT) -> Actor:
    """A machine with a key of these scopes."""
    return Actor(
        tenant_id=tenant_id, permissions=frozenset(scopes), api_key_id=ApiKeyId(UUID(int=9))
    )
