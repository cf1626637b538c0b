"""The use case that exchanges a refresh token for its successor and a fresh access token."""

from dataclasses import dataclass, field

from dify_hex.application.account.ports import AccountWork, SignInDirectory
from dify_hex.application.account.secret_texts import RefreshToken
from dify_hex.application.account.tokens import SessionTokens, SignedIn
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.errors import RefreshTokenReused, SessionEnded
from dify_hex.domain.account.session import Rotation, Session
from dify_hex.domain.shared.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSessionCommand:
    """The token that a client holds."""

    token: str = field(repr=False)


class RefreshSession:
    """Go on with a session.

    - A token is exchanged once. One that was exchanged before ends the session for everybody who
      holds a token of it, and that end is stored before anyone is told.
    - For a few seconds after an exchange the old token is answered with the same successor again.
    - A session ends by idleness, by age, with its account's password, with the membership in its
      tenant, and when the tenant is suspended.
    """

    def __init__(
        self,
        begin: BeginWork[AccountWork],
        clock: Clock,
        directory: SignInDirectory,
        tokens: SessionTokens,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._directory = directory
        self._tokens = tokens

    async def execute(self, command: RefreshSessionCommand) -> SignedIn:
        """Exchange the token.

        Raises:
            SessionEnded: it belongs to no open session.
            RefreshTokenReused: it was exchanged before; its session has been ended.
            TenantSuspended: the tenant is suspended.
        """
        token = RefreshToken.parse(command.token)
        place = await self._directory.find_session(token.family_hash)
        if place is None:
            raise SessionEnded
        successor = self._tokens.successor(token)
        now = self._clock.now()
        async with self._begin(place.tenant_id) as work:
            session = await work.sessions.get(place.session_id)
            membership = await work.memberships.find(session.account_id)
            if membership is None or not membership.honours_session_of(session.opened_at):
                raise SessionEnded
            await _require_honoured(work, session.account_id, session)
            outcome = session.rotate(token.token_hash, successor.token_hash, now=now)
            await work.commit()
        if outcome is Rotation.REUSED:
            raise RefreshTokenReused
        return self._tokens.grant(session, successor, role=membership.role, now=now)


async def _require_honoured(work: AccountWork, account_id: AccountId, session: Session) -> None:
    (await work.tenants.get()).require_active()
    account = await work.accounts.get(account_id)
    if not account.honours_session_of(session.opened_at):
        raise SessionEnded
