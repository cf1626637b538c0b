"""What identity needs from outside: hashes, signatures, and look-ups that know no tenant yet."""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from dify_hex.application.account.read_models import (
    ApiKeySummary,
    MemberSummary,
    Profile,
    TenantDetail,
    TenantMembership,
)
from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.one_time_link import LinkPurpose
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.account.repository import (
    AccountRepository,
    ApiKeyRepository,
    MembershipRepository,
    OneTimeLinkRepository,
    SessionRepository,
    TenantRepository,
)
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    OneTimeLinkId,
    SessionId,
    TenantId,
)
from dify_hex.domain.shared.paging import Page, PageRequest


class AccountWork(UnitOfWork, Protocol):
    """A unit of work with the identities of one tenant."""

    @property
    @abstractmethod
    def tenants(self) -> TenantRepository: ...

    @property
    @abstractmethod
    def accounts(self) -> AccountRepository: ...

    @property
    @abstractmethod
    def memberships(self) -> MembershipRepository: ...

    @property
    @abstractmethod
    def api_keys(self) -> ApiKeyRepository: ...

    @property
    @abstractmethod
    def sessions(self) -> SessionRepository: ...

    @property
    @abstractmethod
    def one_time_links(self) -> OneTimeLinkRepository: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCheck:
    """Whether a password was right, and its hash by today's settings if those have changed."""

    is_right: bool
    stronger_hash: str | None = None


class PasswordHasher(Protocol):
    """Slow hashes of passwords, off the event loop."""

    @abstractmethod
    async def hash(self, password: str) -> str:
        """A salted hash, its settings included."""

    @abstractmethod
    async def verify(self, password: str, password_hash: str | None) -> PasswordCheck:
        """Compare; without a hash it takes just as long, and is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What an access token says."""

    account_id: AccountId
    tenant_id: TenantId
    session_id: SessionId
    scope: frozenset[Permission]
    issued_at: datetime
    expires_at: datetime


class AccessTokens(Protocol):
    """Signs and reads access tokens."""

    @abstractmethod
    def issue(self, claims: AccessClaims) -> str:
        """The signed token."""

    @abstractmethod
    def read(self, token: str, *, now: datetime) -> AccessClaims:
        """What a token says that we have signed.

        Raises:
            TokenExpired: its time is over.
            TokenInvalid: it was not made by us, or not for this.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyGrant:
    """What the holder of an API key may do, if it is still good."""

    api_key_id: ApiKeyId
    tenant_id: TenantId
    scopes: frozenset[Permission]
    app_id: AppId | None
    expires_at: datetime | None
    revoked_at: datetime | None
    tenant_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGrant:
    """What the holder of an open session is at this moment."""

    role: Role
    tenant_active: bool


class CredentialLookup(Protocol):
    """The look-up that every request makes: one statement, before the tenant is known."""

    @abstractmethod
    async def find_api_key(self, secret_hash: bytes) -> ApiKeyGrant | None:
        """The key with this hash, also a revoked or an expired one."""

    @abstractmethod
    async def find_open_session(
        self, session_id: SessionId, account_id: AccountId, tenant_id: TenantId
    ) -> SessionGrant | None:
        """The session, unless it, its account or its membership has ended."""


class ApiKeyUsage(Protocol):
    """Remembers when keys were last used, without making a request wait."""

    @abstractmethod
    def note(self, api_key_id: ApiKeyId, *, now: datetime) -> None:
        """The key is being used; stored soon, and at most once a minute per key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCandidate:
    """The account behind an e-mail, and its tenants, the oldest membership first."""

    account_id: AccountId
    password_hash: str | None
    tenants: tuple[TenantId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlace:
    """Where a session is kept."""

    session_id: SessionId
    tenant_id: TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPlace:
    """Where a one-time link is kept, and what its page has to show."""

    link_id: OneTimeLinkId
    tenant_id: TenantId
    purpose: LinkPurpose
    email: str | None
    is_over: bool


class SignInDirectory(Protocol):
    """Look-ups across tenants, each for one value that the caller must already know."""

    @abstractmethod
    async def find_login(self, email: EmailAddress) -> LoginCandidate | None:
        """The account with this e-mail."""

    @abstractmethod
    async def find_account(self, email: EmailAddress) -> AccountId | None:
        """The id of the account with this e-mail."""

    @abstractmethod
    async def find_session(self, family_hash: bytes) -> SessionPlace | None:
        """The session whose refresh tokens have this family part."""

    @abstractmethod
    async def find_link(self, token_hash: bytes) -> LinkPlace | None:
        """The one-time link with this token."""

    @abstractmethod
    async def tenants_of(self, account_id: AccountId) -> tuple[TenantMembership, ...]:
        """The tenants an account belongs to, the oldest membership first."""


class KnownApps(Protocol):
    """Tells whether an app exists."""

    @abstractmethod
    async def has(self, tenant_id: TenantId, app_id: AppId) -> bool:
        """Whether the tenant has this app."""


class TenantReader(Protocol):
    """Reads the tenant as its members see it."""

    @abstractmethod
    async def get_tenant(self, tenant_id: TenantId) -> TenantDetail:
        """The tenant.

        Raises:
            TenantNotFound: it does not exist.
        """


class MemberReader(Protocol):
    """Reads who belongs to a tenant."""

    @abstractmethod
    async def list_members(self, tenant_id: TenantId, page: PageRequest) -> Page[MemberSummary]:
        """Members, in order of `joined_at`."""

    @abstractmethod
    async def get_member(self, tenant_id: TenantId, account_id: AccountId) -> MemberSummary:
        """One member.

        Raises:
            MemberNotFound: the tenant has no such member.
        """

    @abstractmethod
    async def get_profile(self, tenant_id: TenantId, account_id: AccountId) -> Profile:
        """A member as they see themselves.

        Raises:
            MemberNotFound: the tenant has no such member.
        """


class ApiKeyReader(Protocol):
    """Reads keys; their secrets are nowhere to be read."""

    @abstractmethod
    async def list_api_keys(
        self, tenant_id: TenantId, page: PageRequest, *, app_id: AppId | None = None
    ) -> Page[ApiKeySummary]:
        """Keys, revoked ones included, in order of `created_at`; of one app or of all."""

    @abstractmethod
    async def get_api_key(self, tenant_id: TenantId, api_key_id: ApiKeyId) -> ApiKeySummary:
        """One key.

        Raises:
            ApiKeyNotFound: the tenant has no such key.
        """
