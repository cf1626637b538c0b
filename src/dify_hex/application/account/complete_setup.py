"""The use case behind the set-up page."""

from dataclasses import dataclass, field

from dify_hex.application.account.founding import Founder, found_first_tenant
from dify_hex.application.account.ports import AccountWork, PasswordHasher, SignInDirectory
from dify_hex.application.account.secret_texts import hash_of
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.errors import LinkNotFound
from dify_hex.domain.account.passwords import normal_password


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteSetupCommand:
    """The link's token, and what its holder wrote into the form."""

    token: str = field(repr=False)
    founder: Founder


class CompleteSetup:
    """Become the first owner by a one-time link.

    - Holding the link is the permission; it is spent together with what it makes, or not at all.
    - What is wrong with the form leaves the link unspent.
    - It is refused once there is a tenant, even with a good link.
    """

    def __init__(
        self,
        begin: BeginWork[AccountWork],
        clock: Clock,
        directory: SignInDirectory,
        passwords: PasswordHasher,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._directory = directory
        self._passwords = passwords

    async def execute(self, command: CompleteSetupCommand) -> None:
        """Make the tenant and its owner.

        Raises:
            LinkNotFound: there is no such link.
            LinkOver: it was used, or its time is up.
            AlreadySetUp: there is a tenant already.
            InvalidEmail: it is no e-mail.
            WeakPassword: the password is too easy to guess.
            InvalidName: one of the names cannot be shown.
        """
        place = await self._directory.find_link(hash_of(command.token))
        if place is None:
            raise LinkNotFound
        command.founder.checked_email()
        password_hash = await self._passwords.hash(normal_password(command.founder.password))
        now = self._clock.now()
        async with self._begin(place.tenant_id) as work:
            link = await work.one_time_links.get(place.link_id)
            link.use_for_set_up(now=now)
            await found_first_tenant(
                work,
                command.founder,
                tenant_id=place.tenant_id,
                password_hash=password_hash,
                now=now,
            )
            await work.commit()
