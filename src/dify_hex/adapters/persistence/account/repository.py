"""Repositories of identity, each of the unit of work's tenant only."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm.attributes import set_committed_value

from dify_hex.adapters.persistence.account.mapper import (
    account_to_domain,
    api_key_to_domain,
    link_to_domain,
    membership_to_domain,
    session_to_domain,
    tenant_to_domain,
    write_account,
    write_api_key,
    write_link,
    write_membership,
    write_session,
    write_tenant,
)
from dify_hex.adapters.persistence.account.rows import (
    AccountRow,
    ApiKeyRow,
    MembershipRow,
    OneTimeLinkRow,
    SessionRow,
    TenantTableRow,
)
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.account.account import Account
from dify_hex.domain.account.api_key import ApiKey
from dify_hex.domain.account.errors import (
    ApiKeyNotFound,
    LinkNotFound,
    MemberNotFound,
    SessionEnded,
    TenantNotFound,
)
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import OneTimeLink
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.account.repository import (
    AccountRepository,
    ApiKeyRepository,
    MembershipRepository,
    OneTimeLinkRepository,
    SessionRepository,
    TenantRepository,
)
from dify_hex.domain.account.session import Session
from dify_hex.domain.account.tenant import Tenant
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, OneTimeLinkId, SessionId


class SqlTenantRepository(TenantRepository):
    """The unit of work's own tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self) -> Tenant:
        row = await self._scope.session.scalar(
            select(TenantTableRow).where(TenantTableRow.id == self._scope.tenant_id)
        )
        if row is None:
            raise TenantNotFound
        return self._scope.tracker.load(row, tenant_to_domain, write_tenant)

    def add(self, tenant: Tenant) -> None:
        self._scope.tracker.add(tenant, TenantTableRow(), write_tenant)

    async def is_first(self) -> bool:
        first = await self._scope.session.scalar(select(func.claim_first_tenant()))
        return bool(first)


class SqlAccountRepository(AccountRepository):
    """Accounts that are members of the tenant; their hashes come one at a time."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, account_id: AccountId) -> Account:
        result = await self._scope.session.execute(
            select(AccountRow, func.own_password_hash(AccountRow.id))
            .join(MembershipRow, MembershipRow.account_id == AccountRow.id)
            .where(
                MembershipRow.tenant_id == self._scope.tenant_id,
                MembershipRow.account_id == account_id,
            )
            .with_for_update(of=AccountRow, key_share=True)
        )
        found = result.one_or_none()
        if found is None:
            raise MemberNotFound
        row, password_hash = found
        set_committed_value(row, "password_hash", password_hash)
        return self._scope.tracker.load(row, account_to_domain, write_account)

    def add(self, account: Account) -> None:
        self._scope.tracker.add(account, AccountRow(), write_account)


class SqlMembershipRepository(MembershipRepository):
    """Memberships of the tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, account_id: AccountId) -> Membership:
        membership = await self.find(account_id)
        if membership is None:
            raise MemberNotFound
        return membership

    async def find(self, account_id: AccountId) -> Membership | None:
        row = await self._scope.session.scalar(
            select(MembershipRow).where(self._own(), MembershipRow.account_id == account_id)
        )
        if row is None:
            return None
        return self._scope.tracker.load(row, membership_to_domain, write_membership)

    def add(self, membership: Membership) -> None:
        self._scope.tracker.add(membership, MembershipRow(), write_membership)

    async def remove(self, membership: Membership) -> None:
        await self._scope.tracker.remove(membership)

    async def count(self) -> int:
        await _lock_tenant(self._scope)
        count = select(func.count()).select_from(MembershipRow).where(self._own())
        return await self._scope.session.scalar(count) or 0

    async def count_owners(self) -> int:
        # Locking the owners, and not their number, makes a second counter wait and then look again.
        owners = await self._scope.session.scalars(
            select(MembershipRow.account_id)
            .where(self._own(), MembershipRow.role == Role.OWNER.value)
            .order_by(MembershipRow.account_id)
            .with_for_update()
        )
        return len(owners.all())

    def _own(self) -> ColumnElement[bool]:
        return MembershipRow.tenant_id == self._scope.tenant_id


class SqlApiKeyRepository(ApiKeyRepository):
    """Keys of the tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, api_key_id: ApiKeyId) -> ApiKey:
        row = await self._scope.session.scalar(
            select(ApiKeyRow).where(
                ApiKeyRow.tenant_id == self._scope.tenant_id, ApiKeyRow.id == api_key_id
            )
        )
        if row is None:
            raise ApiKeyNotFound
        return self._scope.tracker.load(row, api_key_to_domain, write_api_key)

    def add(self, api_key: ApiKey) -> None:
        self._scope.tracker.add(api_key, ApiKeyRow(), write_api_key)

    async def count_usable(self) -> int:
        await _lock_tenant(self._scope)
        count = (
            select(func.count())
            .select_from(ApiKeyRow)
            .where(ApiKeyRow.tenant_id == self._scope.tenant_id, ApiKeyRow.revoked_at.is_(None))
        )
        return await self._scope.session.scalar(count) or 0


class SqlSessionRepository(SessionRepository):
    """Sessions in the tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, session_id: SessionId) -> Session:
        row = await self._scope.session.scalar(
            select(SessionRow)
            .where(SessionRow.tenant_id == self._scope.tenant_id, SessionRow.id == session_id)
            .with_for_update()
        )
        if row is None:
            raise SessionEnded
        return self._scope.tracker.load(row, session_to_domain, write_session)

    def add(self, session: Session) -> None:
        self._scope.tracker.add(session, SessionRow(), write_session)


class SqlOneTimeLinkRepository(OneTimeLinkRepository):
    """Links into the tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, link_id: OneTimeLinkId) -> OneTimeLink:
        row = await self._scope.session.scalar(
            select(OneTimeLinkRow)
            .where(OneTimeLinkRow.tenant_id == self._scope.tenant_id, OneTimeLinkRow.id == link_id)
            .with_for_update()
        )
        if row is None:
            raise LinkNotFound
        return self._scope.tracker.load(row, link_to_domain, write_link)

    async def was_given(self, account_id: AccountId) -> bool:
        of_account = select(OneTimeLinkRow.id).where(
            OneTimeLinkRow.tenant_id == self._scope.tenant_id,
            OneTimeLinkRow.account_id == account_id,
        )
        return bool(await self._scope.session.scalar(select(of_account.exists())))

    def add(self, link: OneTimeLink) -> None:
        self._scope.tracker.add(link, OneTimeLinkRow(), write_link)


async def _lock_tenant(scope: WorkScope) -> None:
    """Let nobody else count things of the tenant until the work ends."""
    await scope.session.execute(
        select(TenantTableRow.id)
        .where(TenantTableRow.id == scope.tenant_id)
        .with_for_update(key_share=True)
    )
