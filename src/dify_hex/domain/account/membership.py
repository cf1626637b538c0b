"""What an account is in a tenant, and who may change that."""

from datetime import datetime

from dify_hex.domain.account.errors import LastOwner, RoleAboveOwn
from dify_hex.domain.account.events import MemberAdded, MemberRemoved, MembershipRoleChanged
from dify_hex.domain.account.permissions import Permission, Role, permissions_of
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AccountId, TenantId


def require_rank(granted: frozenset[Permission], *roles: Role) -> None:
    """Refuse when one of the roles stands above whoever has been granted these permissions.

    Raises:
        RoleAboveOwn: one of the roles may do something that is not among them.
    """
    for role in roles:
        if not permissions_of(role) <= granted:
            raise RoleAboveOwn(role=role.value)


class Membership(Aggregate):
    """One account's role in one tenant.

    Nobody gives, changes or takes away a role above their own, and the last owner stays one. The
    verbs are told how many owners there are, counted under a lock.
    """

    def __init__(
        self,
        *,
        tenant_id: TenantId,
        account_id: AccountId,
        role: Role,
        created_at: datetime,
        updated_at: datetime,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self._tenant_id = tenant_id
        self._account_id = account_id
        self._role = role
        self._created_at = created_at
        self._updated_at = updated_at

    @classmethod
    def create(
        cls,
        *,
        tenant_id: TenantId,
        account_id: AccountId,
        role: Role,
        granted: frozenset[Permission],
        added_by: AccountId | None,
        now: datetime,
    ) -> "Membership":
        """A new member; `granted` is what whoever adds them may do.

        Raises:
            RoleAboveOwn: the role stands above that.
        """
        require_rank(granted, role)
        membership = cls(
            tenant_id=tenant_id,
            account_id=account_id,
            role=role,
            created_at=now,
            updated_at=now,
            version=0,
        )
        membership._changed(
            MemberAdded(
                tenant_id=tenant_id,
                occurred_at=now,
                account_id=account_id,
                role=role,
                added_by=added_by,
            )
        )
        return membership

    @classmethod
    def found(cls, *, tenant_id: TenantId, account_id: AccountId, now: datetime) -> "Membership":
        """The owner with whom a tenant begins."""
        return cls.create(
            tenant_id=tenant_id,
            account_id=account_id,
            role=Role.OWNER,
            granted=permissions_of(Role.OWNER),
            added_by=account_id,
            now=now,
        )

    @property
    def tenant_id(self) -> TenantId:
        return self._tenant_id

    @property
    def account_id(self) -> AccountId:
        return self._account_id

    @property
    def role(self) -> Role:
        return self._role

    @property
    def created_at(self) -> datetime:
        return self._created_at

    @property
    def updated_at(self) -> datetime:
        return self._updated_at

    def honours_session_of(self, opened_at: datetime) -> bool:
        """Whether a session opened at that moment counts; one of an earlier membership does not."""
        return opened_at >= self._created_at

    def change_role(
        self,
        role: Role,
        *,
        granted: frozenset[Permission],
        by: AccountId | None,
        owners: int,
        now: datetime,
    ) -> None:
        """Give another role; the present one again changes nothing.

        Raises:
            RoleAboveOwn: the old or the new role may do something that is not `granted`.
            LastOwner: the tenant would be left without an owner.
        """
        require_rank(granted, self._role, role)
        if role is self._role:
            return
        self._keep_an_owner(owners)
        event = MembershipRoleChanged(
            tenant_id=self._tenant_id,
            occurred_at=now,
            account_id=self._account_id,
            old_role=self._role,
            new_role=role,
            changed_by=by,
        )
        self._role = role
        self._updated_at = now
        self._changed(event)

    def end(
        self,
        *,
        granted: frozenset[Permission],
        by: AccountId | None,
        owners: int,
        now: datetime,
    ) -> None:
        """Say that the account is leaving; the repository then removes the membership.

        Raises:
            RoleAboveOwn: the member's role may do something that is not `granted`.
            LastOwner: the tenant would be left without an owner.
        """
        require_rank(granted, self._role)
        self._keep_an_owner(owners)
        self._updated_at = now
        self._changed(
            MemberRemoved(
                tenant_id=self._tenant_id,
                occurred_at=now,
                account_id=self._account_id,
                removed_by=by,
            )
        )

    def _keep_an_owner(self, owners: int) -> None:
        if self._role is Role.OWNER and owners <= 1:
            raise LastOwner
