"""The use case by which a person changes their own password."""

from dataclasses import dataclass, field

from dify_hex.application.account.people import person_behind
from dify_hex.application.account.ports import AccountWork, PasswordHasher
from dify_hex.application.account.tokens import Device, SessionTokens, SignedIn
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.account import Account
from dify_hex.domain.account.errors import WrongPassword
from dify_hex.domain.account.passwords import check_password, normal_password
from dify_hex.domain.shared.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePasswordCommand:
    """The present password, the one that replaces it, and where that happens."""

    present: str = field(repr=False)
    wanted: str = field(repr=False)
    device: Device


class ChangePassword:
    """Change one's own password.

    - The present password is asked for again, and wrong ones count as failed sign-ins do.
    - Every session of the account ends, in every tenant; the caller goes on with a new one.
    """

    def __init__(
        self,
        begin: BeginWork[AccountWork],
        clock: Clock,
        passwords: PasswordHasher,
        tokens: SessionTokens,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._passwords = passwords
        self._tokens = tokens

    async def execute(self, actor: Actor, command: ChangePasswordCommand) -> SignedIn:
        """Change it, and answer the tokens of the session that goes on.

        Raises:
            PeopleOnly: a machine asks.
            WrongPassword: the present password is another, or too many tries have failed.
            WeakPassword: the new one is too easy to guess.
        """
        account_id = person_behind(actor).account_id
        account = await self._read(actor, account_id)
        check_password(command.wanted, account.email)
        # No connection is held while the processor is busy with hashes.
        check = await self._passwords.verify(
            normal_password(command.present), account.password_hash
        )
        if not check.is_right or not account.may_sign_in(self._clock.now()):
            await self._count_failure(actor, account_id)
            raise WrongPassword
        new_hash = await self._passwords.hash(normal_password(command.wanted))
        return await self._change(actor, account, new_hash, command.device)

    async def _read(self, actor: Actor, account_id: AccountId) -> Account:
        async with self._begin(actor.tenant_id) as work:
            return await work.accounts.get(account_id)

    async def _count_failure(self, actor: Actor, account_id: AccountId) -> None:
        async with self._begin(actor.tenant_id) as work:
            account = await work.accounts.get(account_id)
            account.record_wrong_password(tenant_id=actor.tenant_id, now=self._clock.now())
            await work.commit()

    async def _change(self, actor: Actor, seen: Account, new_hash: str, device: Device) -> SignedIn:
        now = self._clock.now()
        async with self._begin(actor.tenant_id) as work:
            account = await work.accounts.get(seen.id)
            if account.password_hash != seen.password_hash:
                raise WrongPassword
            membership = await work.memberships.get(account.id)
            account.change_password(new_hash, tenant_id=actor.tenant_id, now=now)
            session, signed_in = self._tokens.open(
                tenant_id=actor.tenant_id,
                account_id=account.id,
                role=membership.role,
                device=device,
                now=now,
            )
            work.sessions.add(session)
            await work.commit()
        return signed_in
