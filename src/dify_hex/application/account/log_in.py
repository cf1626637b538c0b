"""The use case that turns an e-mail and a password into a session."""

from dataclasses import dataclass, field

from dify_hex.application.account.ports import (
    AccountWork,
    LoginCandidate,
    PasswordHasher,
    SignInDirectory,
)
from dify_hex.application.account.sign_in_limits import SignInLimits
from dify_hex.application.account.steady_answer import failing_no_sooner_than
from dify_hex.application.account.tokens import Device, SessionTokens, SignedIn
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import LoginFailed, NoMembership, TenantNotFound
from dify_hex.domain.account.passwords import normal_password
from dify_hex.domain.shared.ids import TenantId

#: Seconds before a failure is told: well above what hashing and storing take together.
FAILURE_SECONDS = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInCommand:
    """Who signs in, from where; without a tenant the one they have belonged to for longest."""

    email: str
    password: str = field(repr=False)
    device: Device
    tenant_id: TenantId | None = None


class LogIn:
    """Sign a person in.

    - Tries are counted by e-mail before anything else.
    - An unknown e-mail, a wrong password and a locked account look the same and take the same time.
    - Wrong passwords in a row lock the account for a while; a right one forgets them.
    - A hash made with weaker settings than today's is replaced.
    - A suspended tenant lets nobody in.
    """

    def __init__(
        self,
        begin: BeginWork[AccountWork],
        clock: Clock,
        directory: SignInDirectory,
        passwords: PasswordHasher,
        tokens: SessionTokens,
        limits: SignInLimits,
        *,
        failure_seconds: float = FAILURE_SECONDS,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._directory = directory
        self._passwords = passwords
        self._tokens = tokens
        self._limits = limits
        self._failure_seconds = failure_seconds

    async def execute(self, command: LogInCommand) -> SignedIn:
        """Open a session.

        Raises:
            InvalidEmail: it is no e-mail.
            TooManyTries: the e-mail was tried too often.
            LoginFailed: they are not let in; nothing says why.
            NoMembership: the account is right, and belongs to no tenant.
            TenantNotFound: the account is right, and does not belong to the tenant asked for.
            TenantSuspended: the tenant is suspended.
        """
        email = EmailAddress.parse(command.email)
        await self._limits.take(email)
        async with failing_no_sooner_than(self._failure_seconds):
            candidate = await self._directory.find_login(email)
            known_hash = candidate.password_hash if candidate else None
            check = await self._passwords.verify(normal_password(command.password), known_hash)
            if candidate is None:
                raise LoginFailed
            if not check.is_right:
                await self._count_failure(candidate)
                raise LoginFailed
            return await self._open(command, candidate, check.stronger_hash)

    async def _count_failure(self, candidate: LoginCandidate) -> None:
        if not candidate.tenants:
            return
        tenant_id = candidate.tenants[0]
        async with self._begin(tenant_id) as work:
            account = await work.accounts.get(candidate.account_id)
            account.record_wrong_password(tenant_id=tenant_id, now=self._clock.now())
            await work.commit()

    async def _open(
        self, command: LogInCommand, candidate: LoginCandidate, stronger_hash: str | None
    ) -> SignedIn:
        now = self._clock.now()
        async with self._begin(_chosen_tenant(command, candidate)) as work:
            account = await work.accounts.get(candidate.account_id)
            # The password may have been changed while the old one was being checked.
            if account.password_hash != candidate.password_hash or not account.may_sign_in(now):
                raise LoginFailed
            tenant = await work.tenants.get()
            tenant.require_active()
            membership = await work.memberships.get(account.id)
            account.record_right_password(stronger_hash=stronger_hash, now=now)
            session, signed_in = self._tokens.open(
                tenant_id=tenant.id,
                account_id=account.id,
                role=membership.role,
                device=command.device,
                now=now,
            )
            work.sessions.add(session)
            await work.commit()
        return signed_in


def _chosen_tenant(command: LogInCommand, candidate: LoginCandidate) -> TenantId:
    if not candidate.tenants:
        raise NoMembership
    if command.tenant_id is None:
        return candidate.tenants[0]
    if command.tenant_id not in candidate.tenants:
        raise TenantNotFound
    return command.tenant_id
