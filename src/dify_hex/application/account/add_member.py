"""The use case that brings someone into a tenant."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dify_hex.application.account.ports import AccountWork, SignInDirectory
from dify_hex.application.account.secret_texts import hash_of, new_link_token
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.account import Account, Language
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import AccountVouchedElsewhere, AlreadyMember
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import OneTimeLink
from dify_hex.domain.account.permissions import Permission, Role, permissions_of
from dify_hex.domain.shared.ids import AccountId, OneTimeLinkId


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMemberCommand:
    """Who is to be added, as what; the name is used for an account that has to be made."""

    email: str
    name: str
    role: Role
    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMember:
    """The new member; `link_token` opens the page where they choose a password.

    It is None for somebody who has an account already: their password stays their own business.
    """

    account_id: AccountId
    link_token: str | None = field(repr=False)
    link_expires_at: datetime | None


class AddMember:
    """Bring someone into the tenant.

    - Nobody gives a role above their own.
    - An e-mail that has an account keeps it; otherwise one is made, without a password, and the
      caller gets a one-time link to pass on.
    - Whoever makes an account could keep its link, and so its password, to themselves. One that
      others have made comes in only if the caller administers a tenant that it is in already,
      or if it was made for this tenant.
    - A tenant has no more members than its limits allow.
    """

    def __init__(
        self,
        begin: BeginWork[AccountWork],
        clock: Clock,
        directory: SignInDirectory,
        *,
        link_lifetime: timedelta,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._directory = directory
        self._link_lifetime = link_lifetime

    async def execute(self, actor: Actor, command: AddMemberCommand) -> AddedMember:
        """Add them.

        Raises:
            PermissionDenied: the actor may not change members.
            InvalidEmail: it is no e-mail.
            InvalidName: the name cannot be shown.
            RoleAboveOwn: the role stands above the actor's.
            AlreadyMember: they are in the tenant already.
            AccountVouchedElsewhere: only others can tell whose account it is.
            TenantFull: the tenant has as many members as it may.
            EmailTaken: somebody else made the account in this very moment.
        """
        actor.require(Permission.MEMBER_WRITE)
        email = EmailAddress.parse(command.email)
        known = await self._directory.find_account(email)
        is_known_here = known is not None and await self._administers_tenant_of(actor, known)
        now = self._clock.now()
        async with self._begin(actor.tenant_id) as work:
            tenant = await work.tenants.get()
            tenant.limits.admit_member(await work.memberships.count())
            if known is not None:
                await self._admit(work, known, is_known_here=is_known_here)
            account_id = known or AccountId(new_id())
            work.memberships.add(
                Membership.create(
                    tenant_id=actor.tenant_id,
                    account_id=account_id,
                    role=command.role,
                    granted=actor.permissions,
                    added_by=actor.account_id,
                    now=now,
                )
            )
            if known is None:
                added = self._make_account(work, actor, account_id, email, command, now)
            else:
                added = AddedMember(account_id=known, link_token=None, link_expires_at=None)
            await work.commit()
        return added

    async def _admit(
        self, work: AccountWork, account_id: AccountId, *, is_known_here: bool
    ) -> None:
        if await work.memberships.find(account_id) is not None:
            raise AlreadyMember
        if not (is_known_here or await work.one_time_links.was_given(account_id)):
            raise AccountVouchedElsewhere

    async def _administers_tenant_of(self, actor: Actor, account_id: AccountId) -> bool:
        if actor.account_id is None:
            return False
        administered = {
            tenant.tenant_id
            for tenant in await self._directory.tenants_of(actor.account_id)
            if Permission.MEMBER_WRITE in permissions_of(tenant.role)
        }
        theirs = await self._directory.tenants_of(account_id)
        return any(tenant.tenant_id in administered for tenant in theirs)

    def _make_account(
        self,
        work: AccountWork,
        actor: Actor,
        account_id: AccountId,
        email: EmailAddress,
        command: AddMemberCommand,
        now: datetime,
    ) -> AddedMember:
        token = new_link_token()
        link = OneTimeLink.for_password(
            id=OneTimeLinkId(new_id()),
            tenant_id=actor.tenant_id,
            account_id=account_id,
            token_hash=hash_of(token),
            lifetime=self._link_lifetime,
            now=now,
        )
        work.accounts.add(
            Account.create(
                id=account_id,
                email=email,
                name=command.name,
                language=command.language,
                password_hash=None,
                now=now,
            )
        )
        work.one_time_links.add(link)
        return AddedMember(account_id=account_id, link_token=token, link_expires_at=link.expires_at)
