"""One signed-in device: a family of refresh tokens of which exactly one is current.

Every refresh token consists of a family part, the same in all of them, and a secret part. Whoever
presents the right family part once held a token of this session, so a secret part that is no longer
current means that the token was copied: the session ends, and with it both holders. A text with an
unknown family part is noise and ends nothing.

One exception serves honest callers whose answer got lost, and browsers that refresh in two tabs at
once: for a few seconds the token before the current one is exchanged for the *current* one again.
The successor of a token is a function of it, so nothing new comes into being by asking twice.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from dify_hex.domain.account.errors import SessionEnded
from dify_hex.domain.account.events import AccountLoggedIn, SessionReuseDetected, SessionRevoked
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AccountId, SessionId, TenantId

#: A device that is not used for this long has to sign in again.
IDLE_LIFE = timedelta(days=7)
#: How long the token before the current one is still answered.
GRACE = timedelta(seconds=10)
_MAX_USER_AGENT = 300


class Rotation(StrEnum):
    """What became of a presented refresh token."""

    #: It was current; its successor is now.
    ROTATED = "rotated"
    #: Its successor became current a moment ago, and is handed out again.
    REPEATED = "repeated"
    #: It was replaced before; the session has been ended.
    REUSED = "reused"


class Session(Aggregate):
    """A session of an account in one tenant, with an idle and an absolute end."""

    def __init__(
        self,
        *,
        id: SessionId,
        tenant_id: TenantId,
        account_id: AccountId,
        family_hash: bytes,
        token_hash: bytes,
        previous_hash: bytes | None,
        rotated_at: datetime,
        opened_at: datetime,
        expires_at: datetime,
        revoked_at: datetime | None,
        user_agent: str,
        address: str,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self._id = id
        self._tenant_id = tenant_id
        self._account_id = account_id
        self._family_hash = family_hash
        self._token_hash = token_hash
        self._previous_hash = previous_hash
        self._rotated_at = rotated_at
        self._opened_at = opened_at
        self._expires_at = expires_at
        self._revoked_at = revoked_at
        self._user_agent = user_agent
        self._address = address

    @classmethod
    def open(
        cls,
        *,
        id: SessionId,
        tenant_id: TenantId,
        account_id: AccountId,
        family_hash: bytes,
        token_hash: bytes,
        lifetime: timedelta,
        user_agent: str,
        address: str,
        now: datetime,
    ) -> "Session":
        """A new session whose first token has the given hashes."""
        session = cls(
            id=id,
            tenant_id=tenant_id,
            account_id=account_id,
            family_hash=family_hash,
            token_hash=token_hash,
            previous_hash=None,
            rotated_at=now,
            opened_at=now,
            expires_at=now + lifetime,
            revoked_at=None,
            user_agent=user_agent[:_MAX_USER_AGENT],
            address=address,
            version=0,
        )
        session._changed(
            AccountLoggedIn(
                tenant_id=tenant_id,
                occurred_at=now,
                account_id=account_id,
                session_id=id,
                address=address,
            )
        )
        return session

    @property
    def id(self) -> SessionId:
        return self._id

    @property
    def tenant_id(self) -> TenantId:
        return self._tenant_id

    @property
    def account_id(self) -> AccountId:
        return self._account_id

    @property
    def family_hash(self) -> bytes:
        return self._family_hash

    @property
    def token_hash(self) -> bytes:
        return self._token_hash

    @property
    def previous_hash(self) -> bytes | None:
        return self._previous_hash

    @property
    def rotated_at(self) -> datetime:
        return self._rotated_at

    @property
    def opened_at(self) -> datetime:
        return self._opened_at

    @property
    def expires_at(self) -> datetime:
        return self._expires_at

    @property
    def revoked_at(self) -> datetime | None:
        return self._revoked_at

    @property
    def user_agent(self) -> str:
        return self._user_agent

    @property
    def address(self) -> str:
        return self._address

    def is_open(self, now: datetime) -> bool:
        """Whether its tokens are still good for something."""
        idle = now >= self._rotated_at + IDLE_LIFE
        return self._revoked_at is None and not idle and now < self._expires_at

    def rotate(self, presented_hash: bytes, successor_hash: bytes, *, now: datetime) -> Rotation:
        """Exchange a presented token of this family for its successor.

        `REUSED` has ended the session; the caller stores that before refusing.

        Raises:
            SessionEnded: the session is over.
        """
        if not self.is_open(now):
            raise SessionEnded
        if presented_hash == self._token_hash:
            self._previous_hash = self._token_hash
            self._token_hash = successor_hash
            self._rotated_at = now
            self._changed()
            return Rotation.ROTATED
        was_current = (self._previous_hash, self._token_hash)
        if (presented_hash, successor_hash) == was_current and now < self._rotated_at + GRACE:
            return Rotation.REPEATED
        self._revoked_at = now
        self._changed(
            SessionReuseDetected(
                tenant_id=self._tenant_id,
                occurred_at=now,
                account_id=self._account_id,
                session_id=self._id,
            )
        )
        return Rotation.REUSED

    def revoke(self, *, now: datetime) -> None:
        """End it; a second time changes nothing."""
        if self._revoked_at is not None:
            return
        self._revoked_at = now
        self._changed(
            SessionRevoked(
                tenant_id=self._tenant_id,
                occurred_at=now,
                account_id=self._account_id,
                session_id=self._id,
            )
        )
