"""The use case by which a new member chooses their first password."""

from dataclasses import dataclass, field

from dify_hex.application.account.ports import AccountWork, PasswordHasher, SignInDirectory
from dify_hex.application.account.secret_texts import hash_of
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import LinkNotFound
from dify_hex.domain.account.passwords import check_password, normal_password


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPasswordByLinkCommand:
    """The link's token and the password that was chosen."""

    token: str = field(repr=False)
    password: str = field(repr=False)


class SetPasswordByLink:
    """Choose a password by a one-time link.

    - Holding the link is the permission; it is spent together with the change, or not at all.
    - A password that is too easy to guess leaves the link unspent.
    - Whoever has left the tenant that made the link cannot use it any more.
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

    async def execute(self, command: SetPasswordByLinkCommand) -> None:
        """Set it.

        Raises:
            LinkNotFound: there is no such link.
            LinkOver: it was used, or its time is up.
            MemberNotFound: the account has left the tenant.
            WeakPassword: the password is too easy to guess.
        """
        place = await self._directory.find_link(hash_of(command.token))
        if place is None or place.email is None:
            raise LinkNotFound
        check_password(command.password, EmailAddress.parse(place.email))
        password_hash = await self._passwords.hash(normal_password(command.password))
        now = self._clock.now()
        async with self._begin(place.tenant_id) as work:
            link = await work.one_time_links.get(place.link_id)
            account = await work.accounts.get(link.use_for_password(now=now))
            account.change_password(password_hash, tenant_id=place.tenant_id, now=now)
            await work.commit()
