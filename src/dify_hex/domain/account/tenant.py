"""An isolated customer: it owns apps, keys and members."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.account.errors import TenantFull, TenantSuspended
from dify_hex.domain.account.events import TenantCreated, TenantRenamed, TenantStatusChanged
from dify_hex.domain.account.names import checked_name, slug_of
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import TenantId


class TenantStatus(StrEnum):
    """Whether the tenant's members and keys are let in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantLimits:
    """How many members and usable keys a tenant may have at once."""

    members: int = 100
    api_keys: int = 200

    def admit_member(self, present: int) -> None:
        """Refuse one more member.

        Raises:
            TenantFull: there are as many as allowed.
        """
        _admit("members", present, self.members)

    def admit_api_key(self, present: int) -> None:
        """Refuse one more key.

        Raises:
            TenantFull: there are as many as allowed.
        """
        _admit("api_keys", present, self.api_keys)


class Tenant(Aggregate):
    """A customer with a name that may change and a slug that stays."""

    def __init__(
        self,
        *,
        id: TenantId,
        name: str,
        slug: str,
        status: TenantStatus,
        limits: TenantLimits,
        created_at: datetime,
        updated_at: datetime,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self._id = id
        self._name = name
        self._slug = slug
        self._status = status
        self._limits = limits
        self._created_at = created_at
        self._updated_at = updated_at

    @classmethod
    def create(cls, *, id: TenantId, name: str, now: datetime) -> "Tenant":
        """A new, active tenant.

        Raises:
            InvalidName: the name cannot be shown.
        """
        checked = checked_name(name)
        tenant = cls(
            id=id,
            name=checked,
            slug=slug_of(checked, id),
            status=TenantStatus.ACTIVE,
            limits=TenantLimits(),
            created_at=now,
            updated_at=now,
            version=0,
        )
        tenant._changed(TenantCreated(tenant_id=id, occurred_at=now, tenant_name=checked))
        return tenant

    @property
    def id(self) -> TenantId:
        return self._id

    @property
    def name(self) -> str:
        return self._name

    @property
    def slug(self) -> str:
        return self._slug

    @property
    def status(self) -> TenantStatus:
        return self._status

    @property
    def limits(self) -> TenantLimits:
        return self._limits

    @property
    def created_at(self) -> datetime:
        return self._created_at

    @property
    def updated_at(self) -> datetime:
        return self._updated_at

    def require_active(self) -> None:
        """Refuse to let anyone in while suspended.

        Raises:
            TenantSuspended: it is.
        """
        if self._status is not TenantStatus.ACTIVE:
            raise TenantSuspended

    def rename(self, name: str, *, now: datetime) -> None:
        """Take another name; the same one changes nothing.

        Raises:
            InvalidName: the name cannot be shown.
        """
        new_name = checked_name(name)
        if new_name == self._name:
            return
        event = TenantRenamed(
            tenant_id=self._id, occurred_at=now, old_name=self._name, new_name=new_name
        )
        self._name = new_name
        self._updated_at = now
        self._changed(event)

    def set_status(self, status: TenantStatus, *, now: datetime) -> None:
        """Suspend or reinstate; the present status again changes nothing."""
        if status is self._status:
            return
        self._status = status
        self._updated_at = now
        self._changed(TenantStatusChanged(tenant_id=self._id, occurred_at=now, status=status))


def _admit(what: str, present: int, limit: int) -> None:
    if present >= limit:
        raise TenantFull(what=what, limit=limit)
