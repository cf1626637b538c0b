"""The whole of identity over memory: every use case, one clock that tests can turn."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dify_hex.adapters.security.access_tokens import JwtAccessTokens
from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.account.add_member import AddMember
from dify_hex.application.account.authenticate_caller import (
    AuthenticateCaller,
    AuthenticateCallerCommand,
)
from dify_hex.application.account.change_password import ChangePassword
from dify_hex.application.account.change_role import ChangeRole
from dify_hex.application.account.complete_setup import CompleteSetup
from dify_hex.application.account.create_api_key import CreateApiKey
from dify_hex.application.account.create_owner import CreateOwner
from dify_hex.application.account.create_tenant import CreateTenant
from dify_hex.application.account.issue_setup_link import IssueSetupLink
from dify_hex.application.account.log_in import LogIn, LogInCommand
from dify_hex.application.account.log_out import LogOut
from dify_hex.application.account.open_link import OpenLink
from dify_hex.application.account.refresh_session import RefreshSession, RefreshSessionCommand
from dify_hex.application.account.remove_member import RemoveMember
from dify_hex.application.account.rename_tenant import RenameTenant
from dify_hex.application.account.revoke_api_key import RevokeApiKey
from dify_hex.application.account.secret_texts import RefreshTokens
from dify_hex.application.account.set_password_by_link import SetPasswordByLink
from dify_hex.application.account.sign_in_limits import SignInLimits
from dify_hex.application.account.switch_tenant import SwitchTenant
from dify_hex.application.account.tokens import Device, SessionTokens, SignedIn
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.account.account import Account
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import OneTimeLink
from dify_hex.domain.account.permissions import Role
from dify_hex.domain.account.session import Session
from dify_hex.domain.account.tenant import Tenant, TenantStatus
from dify_hex.domain.shared.ids import AccountId, AppId, TenantId
from tests.builders.account import (
    ADA,
    EMAIL,
    NOW,
    PASSWORD,
    TENANT,
    a_membership,
    a_tenant,
    an_account,
)
from tests.fakes.memory_account import (
    ListedApps,
    MemoryAccountWork,
    MemoryCredentialLookup,
    MemorySignInDirectory,
    PlainPasswordHasher,
    RecordedKeyUsage,
)
from tests.fakes.memory_rate_limiter import MemoryRateLimiter
from tests.fakes.memory_work import MemoryDatabase

DEVICE = Device(user_agent="tests", address="192.0.2.1")
LINKS_LAST = timedelta(hours=24)


class TurnableClock(Clock):
    """Stands still until a test turns it."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def turn(self, by: timedelta) -> datetime:
        """Let time pass; returns the new time."""
        self.time += by
        return self.time


class Identity:
    """Every use case of identity over one database in memory."""

    def __init__(self, *apps: tuple[TenantId, AppId]) -> None:
        self.database = MemoryDatabase()
        self.clock = clock = TurnableClock()
        self.begin = begin = self.database.begin_with(MemoryAccountWork)
        self.directory = MemorySignInDirectory(self.database, clock.now)
        self.limiter = MemoryRateLimiter(lambda: clock.now().timestamp())
        self.usage = RecordedKeyUsage()
        self.access_tokens = JwtAccessTokens(Keyring((MasterKey("key-1", b"k" * 32),)))
        passwords = PlainPasswordHasher()
        tokens = SessionTokens(
            self.access_tokens,
            RefreshTokens(b"r" * 32),
            access_lifetime=timedelta(minutes=15),
            session_lifetime=timedelta(days=30),
        )
        limits = SignInLimits(self.limiter, burst=20, per_second=0.1)
        lookup = MemoryCredentialLookup(self.database, clock.now)
        directory = self.directory
        self.create_owner = CreateOwner(begin, clock, passwords)
        self.issue_setup_link = IssueSetupLink(begin, clock, lifetime=LINKS_LAST)
        self.open_link = OpenLink(directory)
        self.complete_setup = CompleteSetup(begin, clock, directory, passwords)
        self.set_password = SetPasswordByLink(begin, clock, directory, passwords)
        self.log_in = LogIn(begin, clock, directory, passwords, tokens, limits, failure_seconds=0.0)
        self.refresh = RefreshSession(begin, clock, directory, tokens)
        self.log_out = LogOut(begin, clock)
        self.switch_tenant = SwitchTenant(begin, clock, tokens)
        self.change_password = ChangePassword(begin, clock, passwords, tokens)
        self.create_tenant = CreateTenant(begin, clock)
        self.rename_tenant = RenameTenant(begin, clock)
        self.add_member = AddMember(begin, clock, directory, link_lifetime=LINKS_LAST)
        self.change_role = ChangeRole(begin, clock)
        self.remove_member = RemoveMember(begin, clock)
        self.create_api_key = CreateApiKey(begin, clock, ListedApps(*apps))
        self.revoke_api_key = RevokeApiKey(begin, clock)
        self.authenticate = AuthenticateCaller(lookup, self.access_tokens, self.usage, clock)

    async def given(
        self,
        *,
        tenants: Iterable[Tenant] = (),
        accounts: Iterable[Account] = (),
        memberships: Iterable[Membership] = (),
        sessions: Iterable[Session] = (),
        links: Iterable[OneTimeLink] = (),
    ) -> None:
        """Store these, and forget the events of how they came to be."""
        for tenant in tenants:
            async with self.begin(tenant.id) as work:
                work.tenants.add(tenant)
                await work.commit()
        for account in accounts:
            async with self.begin(TENANT) as work:
                work.accounts.add(account)
                await work.commit()
        for membership in memberships:
            async with self.begin(membership.tenant_id) as work:
                work.memberships.add(membership)
                await work.commit()
        for session in sessions:
            async with self.begin(session.tenant_id) as work:
                work.sessions.add(session)
                await work.commit()
        for link in links:
            async with self.begin(link.tenant_id) as work:
                work.one_time_links.add(link)
                await work.commit()
        self.database.outbox.clear()

    async def given_owner(self) -> None:
        """Ada, who owns the first tenant and knows her password."""
        await self.given(
            tenants=[a_tenant()],
            accounts=[an_account(password_hash=f"v2:{PASSWORD}")],
            memberships=[a_membership(Role.OWNER)],
        )

    async def given_member(self, account_id: AccountId, role: Role) -> None:
        """Somebody else in the first tenant."""
        email = f"{role.value}@example.com"
        await self.given(
            accounts=[an_account(id=account_id, email=email, password_hash=f"v2:{PASSWORD}")],
            memberships=[a_membership(role, account_id=account_id)],
        )

    async def signs_in(
        self, email: str = EMAIL.text, password: str = PASSWORD, tenant_id: TenantId | None = None
    ) -> SignedIn:
        """Log in, as the form would."""
        return await self.log_in.execute(
            LogInCommand(email=email, password=password, device=DEVICE, tenant_id=tenant_id)
        )

    async def refreshes(self, token: str) -> SignedIn:
        """Exchange a refresh token."""
        return await self.refresh.execute(RefreshSessionCommand(token=token))

    async def asks(self, credential: str, tenant_id: TenantId | None = None) -> Actor:
        """Make a request with a credential."""
        return await self.authenticate.execute(
            AuthenticateCallerCommand(credential=credential, tenant_id=tenant_id)
        )

    async def suspend(self, tenant_id: TenantId = TENANT) -> None:
        """Suspend a tenant."""
        async with self.begin(tenant_id) as work:
            tenant = await work.tenants.get()
            tenant.set_status(TenantStatus.SUSPENDED, now=self.clock.now())
            await work.commit()

    def account(self, account_id: AccountId = ADA) -> Account:
        """An account as it is stored."""
        return next(a for a in self.database.all(Account) if a.id == account_id)

    def role_of(self, account_id: AccountId, tenant_id: TenantId = TENANT) -> Role | None:
        """What an account is in a tenant, if anything."""
        for membership in self.database.all(Membership):
            if (membership.account_id, membership.tenant_id) == (account_id, tenant_id):
                return membership.role
        return None
