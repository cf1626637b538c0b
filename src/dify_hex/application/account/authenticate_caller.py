"""The use case before every other: who asks."""

from dataclasses import dataclass, field
from datetime import datetime

from dify_hex.application.account.ports import AccessTokens, ApiKeyUsage, CredentialLookup
from dify_hex.application.account.secret_texts import hash_of
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.account.api_key import ApiKeyKind
from dify_hex.domain.account.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyWithdrawn,
    TenantMismatch,
    TenantSuspended,
    TokenInvalid,
)
from dify_hex.domain.account.permissions import permissions_of
from dify_hex.domain.shared.ids import TenantId

_KEY_PREFIXES = tuple(f"{kind.value}-" for kind in ApiKeyKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateCallerCommand:
    """The credential of a request, and the tenant that it claims to be for."""

    credential: str = field(repr=False)
    tenant_id: TenantId | None = None


class AuthenticateCaller:
    """Turn a credential into an actor.

    - A key carries its own scopes; a person has the permissions of the role they have right now,
      whatever the token was signed with.
    - A revoked key, an ended session and a lost membership are refused from the next request on:
      the database is asked every time, in one statement.
    - Nobody enters a suspended tenant, or another one than their credential is for.
    """

    def __init__(
        self,
        lookup: CredentialLookup,
        access_tokens: AccessTokens,
        usage: ApiKeyUsage,
        clock: Clock,
    ) -> None:
        self._lookup = lookup
        self._access_tokens = access_tokens
        self._usage = usage
        self._clock = clock

    async def execute(self, command: AuthenticateCallerCommand) -> Actor:
        """Who asks.

        Raises:
            ApiKeyInvalid: there is no such key.
            ApiKeyWithdrawn: the key was revoked.
            ApiKeyExpired: the key's time is over.
            TokenInvalid: the token is not ours, or its session is over.
            TokenExpired: the token's time is over.
            TenantSuspended: the tenant is suspended.
            TenantMismatch: the credential is for another tenant.
        """
        now = self._clock.now()
        if command.credential.startswith(_KEY_PREFIXES):
            actor = await self._machine(command.credential, now)
        else:
            actor = await self._person(command.credential, now)
        if command.tenant_id is not None and command.tenant_id != actor.tenant_id:
            raise TenantMismatch
        return actor

    async def _machine(self, key: str, now: datetime) -> Actor:
        grant = await self._lookup.find_api_key(hash_of(key))
        if grant is None:
            raise ApiKeyInvalid
        if grant.revoked_at is not None:
            raise ApiKeyWithdrawn
        if grant.expires_at is not None and grant.expires_at <= now:
            raise ApiKeyExpired
        if not grant.tenant_active:
            raise TenantSuspended
        self._usage.note(grant.api_key_id, now=now)
        return Actor(
            tenant_id=grant.tenant_id,
            permissions=grant.scopes,
            api_key_id=grant.api_key_id,
            bound_app_id=grant.app_id,
        )

    async def _person(self, token: str, now: datetime) -> Actor:
        claims = self._access_tokens.read(token, now=now)
        grant = await self._lookup.find_open_session(
            claims.session_id, claims.account_id, claims.tenant_id
        )
        if grant is None:
            raise TokenInvalid
        if not grant.tenant_active:
            raise TenantSuspended
        return Actor(
            tenant_id=claims.tenant_id,
            permissions=permissions_of(grant.role),
            account_id=claims.account_id,
            session_id=claims.session_id,
        )
