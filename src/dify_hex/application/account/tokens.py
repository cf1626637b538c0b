"""What a person holds once signed in: a short access token and a rotating refresh token."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dify_hex.application.account.ports import AccessClaims, AccessTokens
from dify_hex.application.account.secret_texts import RefreshToken, RefreshTokens
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Role, permissions_of
from dify_hex.domain.account.session import Session
from dify_hex.domain.shared.ids import AccountId, SessionId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where a request came from, as far as it says so."""

    user_agent: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The tokens of a session; `expires_in` counts seconds."""

    account_id: AccountId
    tenant_id: TenantId
    role: Role
    access_token: str
    expires_in: int
    refresh_token: str
    session_expires_at: datetime


class SessionTokens:
    """Opens sessions and renews their tokens, with the lifetimes that were configured."""

    def __init__(
        self,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        *,
        access_lifetime: timedelta,
        session_lifetime: timedelta,
    ) -> None:
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._access_lifetime = access_lifetime
        self._session_lifetime = session_lifetime

    def open(
        self,
        *,
        tenant_id: TenantId,
        account_id: AccountId,
        role: Role,
        device: Device,
        now: datetime,
    ) -> tuple[Session, SignedIn]:
        """A new session, to be stored before its tokens are handed out."""
        token = self._refresh_tokens.first()
        session = Session.open(
            id=SessionId(new_id()),
            tenant_id=tenant_id,
            account_id=account_id,
            family_hash=token.family_hash,
            token_hash=token.token_hash,
            lifetime=self._session_lifetime,
            user_agent=device.user_agent,
            address=device.address,
            now=now,
        )
        return session, self.grant(session, token, role=role, now=now)

    def successor(self, token: RefreshToken) -> RefreshToken:
        """The refresh token that replaces another."""
        return self._refresh_tokens.successor(token)

    def grant(
        self, session: Session, token: RefreshToken, *, role: Role, now: datetime
    ) -> SignedIn:
        """The session's present refresh token with a fresh access token."""
        access_token = self._access_tokens.issue(
            AccessClaims(
                account_id=session.account_id,
                tenant_id=session.tenant_id,
                session_id=session.id,
                scope=permissions_of(role),
                issued_at=now,
                expires_at=now + self._access_lifetime,
            )
        )
        return SignedIn(
            account_id=session.account_id,
            tenant_id=session.tenant_id,
            role=role,
            access_token=access_token,
            expires_in=int(self._access_lifetime.total_seconds()),
            refresh_token=token.text,
            session_expires_at=session.expires_at,
        )
