"""Look-ups that know no tenant, each one function call on a bare connection."""

import asyncpg

from dify_hex.adapters.persistence.errors import translating
from dify_hex.application.account.ports import (
    ApiKeyGrant,
    CredentialLookup,
    LinkPlace,
    LoginCandidate,
    SessionGrant,
    SessionPlace,
    SignInDirectory,
)
from dify_hex.application.account.read_models import TenantMembership
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.one_time_link import LinkPurpose
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.tenant import TenantStatus
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    OneTimeLinkId,
    SessionId,
    TenantId,
)

#: A scope that this release does not know any more grants nothing.
_PERMISSIONS = {permission.value: permission for permission in Permission}


class SqlCredentialLookup(CredentialLookup):
    """One round trip per request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find_api_key(self, secret_hash: bytes) -> ApiKeyGrant | None:
        with translating():
            row = await self._pool.fetchrow("SELECT * FROM authenticate_api_key($1)", secret_hash)
        if row is None:
            return None
        key_id, tenant_id, scopes, app_id, expires_at, revoked_at, tenant_active = row
        return ApiKeyGrant(
            api_key_id=ApiKeyId(key_id),
            tenant_id=TenantId(tenant_id),
            scopes=frozenset(_PERMISSIONS[scope] for scope in scopes if scope in _PERMISSIONS),
            app_id=None if app_id is None else AppId(app_id),
            expires_at=expires_at,
            revoked_at=revoked_at,
            tenant_active=tenant_active,
        )

    async def find_open_session(
        self, session_id: SessionId, account_id: AccountId, tenant_id: TenantId
    ) -> SessionGrant | None:
        with translating():
            row = await self._pool.fetchrow(
                "SELECT * FROM find_open_session($1, $2, $3)", session_id, account_id, tenant_id
            )
        if row is None:
            return None
        role, tenant_active = row
        return SessionGrant(role=Role(role), tenant_active=tenant_active)


class SqlSignInDirectory(SignInDirectory):
    """Where to find somebody who is not signed in yet."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find_login(self, email: EmailAddress) -> LoginCandidate | None:
        with translating():
            row = await self._pool.fetchrow("SELECT * FROM find_login($1)", email.text)
        if row is None:
            return None
        account_id, password_hash, tenant_ids = row
        return LoginCandidate(
            account_id=AccountId(account_id),
            password_hash=password_hash,
            tenants=tuple(map(TenantId, tenant_ids)),
        )

    async def find_account(self, email: EmailAddress) -> AccountId | None:
        with translating():
            found = await self._pool.fetchval("SELECT find_account($1)", email.text)
        return None if found is None else AccountId(found)

    async def find_session(self, family_hash: bytes) -> SessionPlace | None:
        with translating():
            row = await self._pool.fetchrow("SELECT * FROM find_session($1)", family_hash)
        if row is None:
            return None
        session_id, tenant_id = row
        return SessionPlace(session_id=SessionId(session_id), tenant_id=TenantId(tenant_id))

    async def find_link(self, token_hash: bytes) -> LinkPlace | None:
        with translating():
            row = await self._pool.fetchrow("SELECT * FROM find_one_time_link($1)", token_hash)
        if row is None:
            return None
        link_id, tenant_id, purpose, email, is_over = row
        return LinkPlace(
            link_id=OneTimeLinkId(link_id),
            tenant_id=TenantId(tenant_id),
            purpose=LinkPurpose(purpose),
            email=email,
            is_over=is_over,
        )

    async def tenants_of(self, account_id: AccountId) -> tuple[TenantMembership, ...]:
        with translating():
            rows = await self._pool.fetch("SELECT * FROM tenants_of($1)", account_id)
        return tuple(
            TenantMembership(
                tenant_id=TenantId(tenant_id),
                name=name,
                slug=slug,
                status=TenantStatus(status),
                role=Role(role),
            )
            for tenant_id, name, slug, status, role in rows
        )
