"""Identity's ports in memory."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from dify_hex.application.account.ports import (
    ApiKeyGrant,
    ApiKeyUsage,
    CredentialLookup,
    KnownApps,
    LinkPlace,
    LoginCandidate,
    PasswordCheck,
    PasswordHasher,
    SessionGrant,
    SessionPlace,
    SignInDirectory,
)
from dify_hex.application.account.read_models import TenantMembership
from dify_hex.domain.account.account import Account
from dify_hex.domain.account.api_key import ApiKey
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import (
    ApiKeyNotFound,
    EmailTaken,
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
from dify_hex.domain.account.tenant import Tenant, TenantStatus
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    OneTimeLinkId,
    SessionId,
    TenantId,
)
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork, Unique


class MemoryTenantRepository(TenantRepository):
    def __init__(self, table: MemoryTable[Tenant], work: "MemoryAccountWork") -> None:
        self._table = table
        self._work = work

    async def get(self) -> Tenant:
        tenant = self._table.find(self._work.tenant_id)
        if tenant is None:
            raise TenantNotFound
        return tenant

    def add(self, tenant: Tenant) -> None:
        self._table.add(tenant.id, tenant)

    async def is_first(self) -> bool:
        return not self._work.database.all(Tenant)


class MemoryAccountRepository(AccountRepository):
    def __init__(
        self, table: MemoryTable[Account], memberships: "MemoryMembershipRepository"
    ) -> None:
        self._table = table
        self._memberships = memberships

    async def get(self, account_id: AccountId) -> Account:
        account = self._table.find(account_id)
        if account is None or await self._memberships.find(account_id) is None:
            raise MemberNotFound
        return account

    def add(self, account: Account) -> None:
        self._table.add(account.id, account)


class MemoryMembershipRepository(MembershipRepository):
    def __init__(self, table: MemoryTable[Membership]) -> None:
        self._table = table

    async def get(self, account_id: AccountId) -> Membership:
        membership = await self.find(account_id)
        if membership is None:
            raise MemberNotFound
        return membership

    async def find(self, account_id: AccountId) -> Membership | None:
        return self._table.find(account_id)

    def add(self, membership: Membership) -> None:
        self._table.add(membership.account_id, membership)

    async def remove(self, membership: Membership) -> None:
        self._table.remove(membership.account_id)

    async def count(self) -> int:
        return len(self._table.all())

    async def count_owners(self) -> int:
        return sum(membership.role is Role.OWNER for membership in self._table.all())


class MemoryApiKeyRepository(ApiKeyRepository):
    def __init__(self, table: MemoryTable[ApiKey]) -> None:
        self._table = table

    async def get(self, api_key_id: ApiKeyId) -> ApiKey:
        key = self._table.find(api_key_id)
        if key is None:
            raise ApiKeyNotFound
        return key

    def add(self, api_key: ApiKey) -> None:
        self._table.add(api_key.id, api_key)

    async def count_usable(self) -> int:
        return sum(key.revoked_at is None for key in self._table.all())


class MemorySessionRepository(SessionRepository):
    def __init__(self, table: MemoryTable[Session]) -> None:
        self._table = table

    async def get(self, session_id: SessionId) -> Session:
        session = self._table.find(session_id)
        if session is None:
            raise SessionEnded
        return session

    def add(self, session: Session) -> None:
        self._table.add(session.id, session)


class MemoryOneTimeLinkRepository(OneTimeLinkRepository):
    def __init__(self, table: MemoryTable[OneTimeLink]) -> None:
        self._table = table

    async def get(self, link_id: OneTimeLinkId) -> OneTimeLink:
        link = self._table.find(link_id)
        if link is None:
            raise LinkNotFound
        return link

    async def was_given(self, account_id: AccountId) -> bool:
        return self._table.first(lambda link: link.account_id == account_id) is not None

    def add(self, link: OneTimeLink) -> None:
        self._table.add(link.id, link)


class MemoryAccountWork(MemoryWork):
    """A unit of work with the identities of one tenant."""

    @property
    def database(self) -> MemoryDatabase:
        return self._database

    @cached_property
    def tenants(self) -> MemoryTenantRepository:
        return MemoryTenantRepository(self.table(Tenant), self)

    @cached_property
    def accounts(self) -> MemoryAccountRepository:
        table = self.table(Account, unique=[Unique(_email, EmailTaken)], shared=True)
        return MemoryAccountRepository(table, self.memberships)

    @cached_property
    def memberships(self) -> MemoryMembershipRepository:
        return MemoryMembershipRepository(self.table(Membership))

    @cached_property
    def api_keys(self) -> MemoryApiKeyRepository:
        return MemoryApiKeyRepository(self.table(ApiKey))

    @cached_property
    def sessions(self) -> MemorySessionRepository:
        return MemorySessionRepository(self.table(Session))

    @cached_property
    def one_time_links(self) -> MemoryOneTimeLinkRepository:
        return MemoryOneTimeLinkRepository(self.table(OneTimeLink))


def _email(account: Account) -> str:
    return account.email.text


class MemorySignInDirectory(SignInDirectory):
    """Looks through everything that was committed."""

    def __init__(self, database: MemoryDatabase, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def find_login(self, email: EmailAddress) -> LoginCandidate | None:
        for account in self._database.all(Account):
            if account.email == email:
                return LoginCandidate(
                    account_id=account.id,
                    password_hash=account.password_hash,
                    tenants=tuple(m.tenant_id for m in self._memberships_of(account.id)),
                )
        return None

    async def find_account(self, email: EmailAddress) -> AccountId | None:
        candidate = await self.find_login(email)
        return None if candidate is None else candidate.account_id

    async def find_session(self, family_hash: bytes) -> SessionPlace | None:
        for session in self._database.all(Session):
            if session.family_hash == family_hash:
                return SessionPlace(session_id=session.id, tenant_id=session.tenant_id)
        return None

    async def find_link(self, token_hash: bytes) -> LinkPlace | None:
        emails = {account.id: account.email.text for account in self._database.all(Account)}
        for link in self._database.all(OneTimeLink):
            if link.token_hash == token_hash:
                return LinkPlace(
                    link_id=link.id,
                    tenant_id=link.tenant_id,
                    purpose=link.purpose,
                    email=None if link.account_id is None else emails[link.account_id],
                    is_over=link.used_at is not None or link.expires_at <= self._now(),
                )
        return None

    async def tenants_of(self, account_id: AccountId) -> tuple[TenantMembership, ...]:
        tenants = {tenant.id: tenant for tenant in self._database.all(Tenant)}
        return tuple(
            TenantMembership(
                tenant_id=membership.tenant_id,
                name=tenants[membership.tenant_id].name,
                slug=tenants[membership.tenant_id].slug,
                status=tenants[membership.tenant_id].status,
                role=membership.role,
            )
            for membership in self._memberships_of(account_id)
        )

    def _memberships_of(self, account_id: AccountId) -> list[Membership]:
        found = [m for m in self._database.all(Membership) if m.account_id == account_id]
        return sorted(found, key=lambda m: (m.created_at, m.tenant_id))


class MemoryCredentialLookup(CredentialLookup):
    """Looks through everything that was committed."""

    def __init__(self, database: MemoryDatabase, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def find_api_key(self, secret_hash: bytes) -> ApiKeyGrant | None:
        for key in self._database.all(ApiKey):
            if key.secret_hash == secret_hash:
                return ApiKeyGrant(
                    api_key_id=key.id,
                    tenant_id=key.tenant_id,
                    scopes=key.scopes,
                    app_id=key.app_id,
                    expires_at=key.expires_at,
                    revoked_at=key.revoked_at,
                    tenant_active=self._is_active(key.tenant_id),
                )
        return None

    async def find_open_session(
        self, session_id: SessionId, account_id: AccountId, tenant_id: TenantId
    ) -> SessionGrant | None:
        wanted = (session_id, account_id, tenant_id)
        for session in self._database.all(Session):
            if (session.id, session.account_id, session.tenant_id) == wanted:
                return self._grant(session)
        return None

    def _grant(self, session: Session) -> SessionGrant | None:
        place = (session.account_id, session.tenant_id)
        members = self._database.all(Membership)
        member = next((m for m in members if (m.account_id, m.tenant_id) == place), None)
        accounts = self._database.all(Account)
        account = next(a for a in accounts if a.id == session.account_id)
        if member is None or session.revoked_at is not None or session.expires_at <= self._now():
            return None
        if not (
            member.honours_session_of(session.opened_at)
            and account.honours_session_of(session.opened_at)
        ):
            return None
        active = self._is_active(session.tenant_id)
        return SessionGrant(role=member.role, tenant_active=active)

    def _is_active(self, tenant_id: TenantId) -> bool:
        tenants = self._database.all(Tenant)
        return any(t.id == tenant_id and t.status is TenantStatus.ACTIVE for t in tenants)


class RecordedKeyUsage(ApiKeyUsage):
    """Remembers every use."""

    def __init__(self) -> None:
        self.uses: list[tuple[ApiKeyId, datetime]] = []

    def note(self, api_key_id: ApiKeyId, *, now: datetime) -> None:
        self.uses.append((api_key_id, now))


class PlainPasswordHasher(PasswordHasher):
    """Hashes that can be read: `<settings>:<password>`; hashes of older settings are replaced."""

    SETTINGS = "v2"

    async def hash(self, password: str) -> str:
        return f"{self.SETTINGS}:{password}"

    async def verify(self, password: str, password_hash: str | None) -> PasswordCheck:
        if password_hash is None:
            return PasswordCheck(is_right=False)
        settings, _, right = password_hash.partition(":")
        if password != right:
            return PasswordCheck(is_right=False)
        stronger = None if settings == self.SETTINGS else await self.hash(password)
        return PasswordCheck(is_right=True, stronger_hash=stronger)


class ListedApps(KnownApps):
    """Knows the apps it was given."""

    def __init__(self, *apps: tuple[TenantId, AppId]) -> None:
        self._apps = apps

    async def has(self, tenant_id: TenantId, app_id: AppId) -> bool:
        return (tenant_id, app_id) in self._apps
