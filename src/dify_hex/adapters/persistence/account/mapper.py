"""Identities to rows and back."""

from dify_hex.adapters.persistence.account.rows import (
    AccountRow,
    ApiKeyRow,
    MembershipRow,
    OneTimeLinkRow,
    SessionRow,
    TenantTableRow,
)
from dify_hex.domain.account.account import Account, AccountStatus, Language
from dify_hex.domain.account.api_key import ApiKey, ApiKeyKind
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import LinkPurpose, OneTimeLink
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.session import Session
from dify_hex.domain.account.tenant import Tenant, TenantLimits, TenantStatus
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    OneTimeLinkId,
    SessionId,
    TenantId,
)


def tenant_to_domain(row: TenantTableRow) -> Tenant:
    return Tenant(
        id=TenantId(row.id),
        name=row.name,
        slug=row.slug,
        status=TenantStatus(row.status),
        limits=TenantLimits(members=row.member_limit, api_keys=row.api_key_limit),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def write_tenant(tenant: Tenant, row: TenantTableRow) -> None:
    row.id = tenant.id
    row.name = tenant.name
    row.slug = tenant.slug
    row.status = tenant.status.value
    row.member_limit = tenant.limits.members
    row.api_key_limit = tenant.limits.api_keys
    row.created_at = tenant.created_at
    row.updated_at = tenant.updated_at
    row.version = tenant.version


def account_to_domain(row: AccountRow) -> Account:
    return Account(
        id=AccountId(row.id),
        email=EmailAddress(row.email),
        name=row.name,
        language=Language(row.language),
        status=AccountStatus(row.status),
        password_hash=row.password_hash,
        failed_logins=row.failed_logins,
        locked_until=row.locked_until,
        sessions_valid_from=row.sessions_valid_from,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def write_account(account: Account, row: AccountRow) -> None:
    row.id = account.id
    row.email = account.email.text
    row.name = account.name
    row.language = account.language.value
    row.status = account.status.value
    row.password_hash = account.password_hash
    row.failed_logins = account.failed_logins
    row.locked_until = account.locked_until
    row.sessions_valid_from = account.sessions_valid_from
    row.created_at = account.created_at
    row.updated_at = account.updated_at
    row.version = account.version


def membership_to_domain(row: MembershipRow) -> Membership:
    return Membership(
        tenant_id=TenantId(row.tenant_id),
        account_id=AccountId(row.account_id),
        role=Role(row.role),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def write_membership(membership: Membership, row: MembershipRow) -> None:
    row.tenant_id = membership.tenant_id
    row.account_id = membership.account_id
    row.role = membership.role.value
    row.created_at = membership.created_at
    row.updated_at = membership.updated_at
    row.version = membership.version


def api_key_to_domain(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=ApiKeyId(row.id),
        tenant_id=TenantId(row.tenant_id),
        kind=ApiKeyKind(row.kind),
        name=row.name,
        secret_hash=row.secret_hash,
        hint=row.hint,
        scopes=frozenset(map(Permission, row.scopes)),
        app_id=None if row.app_id is None else AppId(row.app_id),
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        created_by=None if row.created_by is None else AccountId(row.created_by),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def write_api_key(key: ApiKey, row: ApiKeyRow) -> None:
    row.id = key.id
    row.tenant_id = key.tenant_id
    row.kind = key.kind.value
    row.name = key.name
    row.secret_hash = key.secret_hash
    row.hint = key.hint
    row.scopes = sorted(scope.value for scope in key.scopes)
    row.app_id = key.app_id
    row.expires_at = key.expires_at
    row.revoked_at = key.revoked_at
    row.created_by = key.created_by
    row.created_at = key.created_at
    row.updated_at = key.updated_at
    row.version = key.version


def session_to_domain(row: SessionRow) -> Session:
    return Session(
        id=SessionId(row.id),
        tenant_id=TenantId(row.tenant_id),
        account_id=AccountId(row.account_id),
        family_hash=row.family_hash,
        token_hash=row.token_hash,
        previous_hash=row.previous_hash,
        rotated_at=row.rotated_at,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        user_agent=row.user_agent,
        address=row.address,
        version=row.version,
    )


def write_session(session: Session, row: SessionRow) -> None:
    row.id = session.id
    row.tenant_id = session.tenant_id
    row.account_id = session.account_id
    row.family_hash = session.family_hash
    row.token_hash = session.token_hash
    row.previous_hash = session.previous_hash
    row.rotated_at = session.rotated_at
    row.opened_at = session.opened_at
    row.expires_at = session.expires_at
    row.revoked_at = session.revoked_at
    row.user_agent = session.user_agent
    row.address = session.address
    row.version = session.version


def link_to_domain(row: OneTimeLinkRow) -> OneTimeLink:
    return OneTimeLink(
        id=OneTimeLinkId(row.id),
        tenant_id=TenantId(row.tenant_id),
        account_id=None if row.account_id is None else AccountId(row.account_id),
        purpose=LinkPurpose(row.purpose),
        token_hash=row.token_hash,
        expires_at=row.expires_at,
        used_at=row.used_at,
        created_at=row.created_at,
        version=row.version,
    )


def write_link(link: OneTimeLink, row: OneTimeLinkRow) -> None:
    row.id = link.id
    row.tenant_id = link.tenant_id
    row.account_id = link.account_id
    row.purpose = link.purpose.value
    row.token_hash = link.token_hash
    row.expires_at = link.expires_at
    row.used_at = link.used_at
    row.created_at = link.created_at
    row.version = link.version
