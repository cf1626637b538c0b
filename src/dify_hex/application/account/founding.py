"""Making a tenant together with the account that owns it."""

from dataclasses import dataclass, field
from datetime import datetime

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.account import Account, Language
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import AlreadySetUp
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.passwords import check_password
from dify_hex.domain.account.tenant import Tenant
from dify_hex.domain.shared.ids import AccountId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Founder:
    """Who the first owner is going to be, as they have told us."""

    email: str
    name: str
    password: str = field(repr=False)
    tenant_name: str
    language: Language = Language.ENGLISH

    def checked_email(self) -> EmailAddress:
        """The e-mail, once it and the password have been found good.

        Raises:
            InvalidEmail: it is no e-mail.
            WeakPassword: the password is too easy to guess.
        """
        email = EmailAddress.parse(self.email)
        check_password(self.password, email)
        return email


async def found_first_tenant(
    work: AccountWork,
    founder: Founder,
    *,
    tenant_id: TenantId,
    password_hash: str,
    now: datetime,
) -> AccountId:
    """Add the first tenant and its owner to the work.

    Raises:
        AlreadySetUp: there is a tenant already.
        InvalidName: one of the names cannot be shown.
    """
    if not await work.tenants.is_first():
        raise AlreadySetUp
    account = Account.create(
        id=AccountId(new_id()),
        email=EmailAddress.parse(founder.email),
        name=founder.name,
        language=founder.language,
        password_hash=password_hash,
        now=now,
    )
    work.tenants.add(Tenant.create(id=tenant_id, name=founder.tenant_name, now=now))
    work.accounts.add(account)
    work.memberships.add(Membership.found(tenant_id=tenant_id, account_id=account.id, now=now))
    return account.id
