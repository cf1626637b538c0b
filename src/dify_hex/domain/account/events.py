"""What has happened to identities; audit trails are made from these."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.account.permissions import Role
from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCreated(DomainEvent):
    """A tenant came into being."""

    name: ClassVar[str] = "tenant.created"
    tenant_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRenamed(DomainEvent):
    """A tenant got another name."""

    name: ClassVar[str] = "tenant.renamed"
    old_name: str
    new_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantStatusChanged(DomainEvent):
    """A tenant was suspended or reinstated."""

    name: ClassVar[str] = "tenant.status_changed"
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(DomainEvent):
    """An account became a member of a tenant."""

    name: ClassVar[str] = "member.added"
    account_id: AccountId
    role: Role
    added_by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipRoleChanged(DomainEvent):
    """A member got another role."""

    name: ClassVar[str] = "member.role_changed"
    account_id: AccountId
    old_role: Role
    new_role: Role
    changed_by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(DomainEvent):
    """An account is no longer a member of a tenant."""

    name: ClassVar[str] = "member.removed"
    account_id: AccountId
    removed_by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLoggedIn(DomainEvent):
    """A person signed in."""

    name: ClassVar[str] = "account.logged_in"
    account_id: AccountId
    session_id: SessionId
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLocked(DomainEvent):
    """Too many wrong passwords locked an account for a while."""

    name: ClassVar[str] = "account.locked"
    account_id: AccountId
    failed_logins: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(DomainEvent):
    """An account has another password, and every session from before is over."""

    name: ClassVar[str] = "account.password_changed"
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOutEverywhere(DomainEvent):
    """A person ended all sessions of their account."""

    name: ClassVar[str] = "account.logged_out_everywhere"
    account_id: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRevoked(DomainEvent):
    """A session was ended before its time."""

    name: ClassVar[str] = "session.revoked"
    account_id: AccountId
    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReuseDetected(DomainEvent):
    """A refresh token came back after it was replaced: one of two holders is a thief."""

    name: ClassVar[str] = "session.reuse_detected"
    account_id: AccountId
    session_id: SessionId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(DomainEvent):
    """A key was made."""

    name: ClassVar[str] = "api_key.created"
    api_key_id: ApiKeyId
    hint: str
    app_id: AppId | None
    created_by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(DomainEvent):
    """A key was withdrawn."""

    name: ClassVar[str] = "api_key.revoked"
    api_key_id: ApiKeyId
    hint: str
    revoked_by: AccountId | None
