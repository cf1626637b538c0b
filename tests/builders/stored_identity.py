"""Identities that really are in a database, in tenants that no other test has."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.account import Account
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.account.session import Session
from dify_hex.domain.shared.ids import AccountId, SessionId, TenantId
from tests.builders.account import a_membership, a_session, a_tenant, an_account

Begin = Callable[[TenantId], AccountWork]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A tenant with one member."""

    tenant_id: TenantId
    account: Account
    membership: Membership

    @property
    def account_id(self) -> AccountId:
        return self.account.id


async def store_tenant(begin: Begin, role: Role = Role.OWNER) -> Stored:
    """A new tenant with one new member."""
    tenant_id, account_id = TenantId(new_id()), AccountId(new_id())
    account = an_account(id=account_id, email=f"{uuid4().hex}@example.com")
    membership = a_membership(role, account_id=account_id, tenant_id=tenant_id)
    async with begin(tenant_id) as work:
        work.tenants.add(a_tenant(id=tenant_id))
        work.accounts.add(account)
        work.memberships.add(membership)
        await work.commit()
    return Stored(tenant_id=tenant_id, account=account, membership=membership)


async def store_member(begin: Begin, tenant_id: TenantId, role: Role) -> AccountId:
    """A new member of a tenant."""
    account_id = AccountId(new_id())
    async with begin(tenant_id) as work:
        work.accounts.add(an_account(id=account_id, email=f"{uuid4().hex}@example.com"))
        work.memberships.add(a_membership(role, account_id=account_id, tenant_id=tenant_id))
        await work.commit()
    return account_id


async def store_session(begin: Begin, stored: Stored) -> Session:
    """A session of the tenant's member."""
    session = a_session(
        id=SessionId(new_id()),
        tenant_id=stored.tenant_id,
        account_id=stored.account_id,
        family=uuid4().bytes,
        token=uuid4().bytes,
    )
    async with begin(stored.tenant_id) as work:
        work.sessions.add(session)
        await work.commit()
    return session
