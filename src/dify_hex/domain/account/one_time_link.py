"""A link that lets someone in once: to found the first tenant, or to choose a password."""

from datetime import datetime, timedelta
from enum import StrEnum

from dify_hex.domain.account.errors import LinkNotFound, LinkOver
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AccountId, OneTimeLinkId, TenantId


class LinkPurpose(StrEnum):
    """What a link is good for."""

    #: Make the first owner. The tenant it names does not exist yet.
    SET_UP = "set_up"
    #: Choose a password for an account that someone else made.
    SET_PASSWORD = "set_password"  # noqa: S105 - a purpose, not a password


class OneTimeLink(Aggregate):
    """A secret in a URL, stored as a hash, used at most once and not after its expiry."""

    def __init__(
        self,
        *,
        id: OneTimeLinkId,
        tenant_id: TenantId,
        account_id: AccountId | None,
        purpose: LinkPurpose,
        token_hash: bytes,
        expires_at: datetime,
        used_at: datetime | None,
        created_at: datetime,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self._id = id
        self._tenant_id = tenant_id
        self._account_id = account_id
        self._purpose = purpose
        self._token_hash = token_hash
        self._expires_at = expires_at
        self._used_at = used_at
        self._created_at = created_at

    @classmethod
    def for_set_up(
        cls,
        *,
        id: OneTimeLinkId,
        tenant_id: TenantId,
        token_hash: bytes,
        lifetime: timedelta,
        now: datetime,
    ) -> "OneTimeLink":
        """A link to found the tenant that is going to have this id."""
        return cls._create(id, tenant_id, None, LinkPurpose.SET_UP, token_hash, lifetime, now)

    @classmethod
    def for_password(
        cls,
        *,
        id: OneTimeLinkId,
        tenant_id: TenantId,
        account_id: AccountId,
        token_hash: bytes,
        lifetime: timedelta,
        now: datetime,
    ) -> "OneTimeLink":
        """A link by which a new member chooses a password."""
        return cls._create(
            id, tenant_id, account_id, LinkPurpose.SET_PASSWORD, token_hash, lifetime, now
        )

    @property
    def id(self) -> OneTimeLinkId:
        return self._id

    @property
    def tenant_id(self) -> TenantId:
        return self._tenant_id

    @property
    def account_id(self) -> AccountId | None:
        return self._account_id

    @property
    def purpose(self) -> LinkPurpose:
        return self._purpose

    @property
    def token_hash(self) -> bytes:
        return self._token_hash

    @property
    def expires_at(self) -> datetime:
        return self._expires_at

    @property
    def used_at(self) -> datetime | None:
        return self._used_at

    @property
    def created_at(self) -> datetime:
        return self._created_at

    def use_for_set_up(self, *, now: datetime) -> None:
        """Spend it on making the first owner.

        Raises:
            LinkNotFound: it is for another purpose.
            LinkOver: it was used, or its time is up.
        """
        if self._purpose is not LinkPurpose.SET_UP:
            raise LinkNotFound
        self._spend(now)

    def use_for_password(self, *, now: datetime) -> AccountId:
        """Spend it on a password; returns the account that gets one.

        Raises:
            LinkNotFound: it is for another purpose.
            LinkOver: it was used, or its time is up.
        """
        if self._account_id is None:
            raise LinkNotFound
        self._spend(now)
        return self._account_id

    def _spend(self, now: datetime) -> None:
        if self._used_at is not None or now >= self._expires_at:
            raise LinkOver
        self._used_at = now
        self._changed()

    @classmethod
    def _create(
        cls,
        id: OneTimeLinkId,
        tenant_id: TenantId,
        account_id: AccountId | None,
        purpose: LinkPurpose,
        token_hash: bytes,
        lifetime: timedelta,
        now: datetime,
    ) -> "OneTimeLink":
        link = cls(
            id=id,
            tenant_id=tenant_id,
            account_id=account_id,
            purpose=purpose,
            token_hash=token_hash,
            expires_at=now + lifetime,
            used_at=None,
            created_at=now,
            version=0,
        )
        link._changed()
        return link
