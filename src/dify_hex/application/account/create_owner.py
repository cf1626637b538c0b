"""The use case that makes the first owner from the machine's own command line."""

from dataclasses import dataclass

from dify_hex.application.account.founding import Founder, found_first_tenant
from dify_hex.application.account.ports import AccountWork, PasswordHasher
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.passwords import normal_password
from dify_hex.domain.shared.ids import AccountId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedOwner:
    """The first tenant and its owner."""

    tenant_id: TenantId
    account_id: AccountId


class CreateOwner:
    """Make the first tenant with its owner.

    - There is no actor yet: whoever runs commands on the machine may do this, and nobody else.
    - It works once; when there is a tenant, members are added by its owner.
    - The password must be hard to guess; there is no default one.
    """

    def __init__(
        self, begin: BeginWork[AccountWork], clock: Clock, passwords: PasswordHasher
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._passwords = passwords

    async def execute(self, founder: Founder) -> CreatedOwner:
        """Make both.

        Raises:
            AlreadySetUp: there is a tenant already.
            InvalidEmail: it is no e-mail.
            WeakPassword: the password is too easy to guess.
            InvalidName: one of the names cannot be shown.
        """
        founder.checked_email()
        password_hash = await self._passwords.hash(normal_password(founder.password))
        tenant_id = TenantId(new_id())
        async with self._begin(tenant_id) as work:
            account_id = await found_first_tenant(
                work,
                founder,
                tenant_id=tenant_id,
                password_hash=password_hash,
                now=self._clock.now(),
            )
            await work.commit()
        return CreatedOwner(tenant_id=tenant_id, account_id=account_id)
