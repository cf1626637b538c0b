"""Where identities are kept; every repository sees one tenant only."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.account.account import Account
from dify_hex.domain.account.api_key import ApiKey
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.one_time_link import OneTimeLink
from dify_hex.domain.account.session import Session
from dify_hex.domain.account.tenant import Tenant
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, OneTimeLinkId, SessionId


class TenantRepository(Protocol):
    """The tenant of the unit of work."""

    @abstractmethod
    async def get(self) -> Tenant:
        """The tenant.

        Raises:
            TenantNotFound: it does not exist.
        """

    @abstractmethod
    def add(self, tenant: Tenant) -> None:
        """Keep a new tenant, whose id is that of the unit of work."""

    @abstractmethod
    async def is_first(self) -> bool:
        """Whether there is no tenant at all; until the work ends nobody else is told so."""


class AccountRepository(Protocol):
    """Accounts that are members of the tenant."""

    @abstractmethod
    async def get(self, account_id: AccountId) -> Account:
        """The account, locked against others until the work ends.

        Raises:
            MemberNotFound: the tenant has no such member.
        """

    @abstractmethod
    def add(self, account: Account) -> None:
        """Keep a new account; its membership is added in the same work."""


class MembershipRepository(Protocol):
    """Memberships of the tenant."""

    @abstractmethod
    async def get(self, account_id: AccountId) -> Membership:
        """The account's membership.

        Raises:
            MemberNotFound: the tenant has no such member.
        """

    @abstractmethod
    async def find(self, account_id: AccountId) -> Membership | None:
        """The account's membership, if it has one."""

    @abstractmethod
    def add(self, membership: Membership) -> None:
        """Keep a new membership."""

    @abstractmethod
    async def remove(self, membership: Membership) -> None:
        """Take a membership away; it was loaded in this work."""

    @abstractmethod
    async def count(self) -> int:
        """How many members there are; until the work ends nobody else counts."""

    @abstractmethod
    async def count_owners(self) -> int:
        """How many owners there are; until the work ends nobody else counts."""


class ApiKeyRepository(Protocol):
    """Keys of the tenant."""

    @abstractmethod
    async def get(self, api_key_id: ApiKeyId) -> ApiKey:
        """The key, revoked or not.

        Raises:
            ApiKeyNotFound: the tenant has no such key.
        """

    @abstractmethod
    def add(self, api_key: ApiKey) -> None:
        """Keep a new key."""

    @abstractmethod
    async def count_usable(self) -> int:
        """How many keys are not revoked; until the work ends nobody else counts."""


class SessionRepository(Protocol):
    """Sessions in the tenant."""

    @abstractmethod
    async def get(self, session_id: SessionId) -> Session:
        """The session, locked against others until the work ends.

        Raises:
            SessionEnded: it is not there any more.
        """

    @abstractmethod
    def add(self, session: Session) -> None:
        """Keep a new session."""


class OneTimeLinkRepository(Protocol):
    """Links into the tenant, or into one that is going to be."""

    @abstractmethod
    async def get(self, link_id: OneTimeLinkId) -> OneTimeLink:
        """The link, locked against others until the work ends.

        Raises:
            LinkNotFound: it is not there any more.
        """

    @abstractmethod
    async def was_given(self, account_id: AccountId) -> bool:
        """Whether the account was made for this tenant: a link of the tenant led to it."""

    @abstractmethod
    def add(self, link: OneTimeLink) -> None:
        """Keep a new link."""
