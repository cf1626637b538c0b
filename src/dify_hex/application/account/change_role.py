"""The use case that makes a member something else in their tenant."""

from dataclasses import dataclass

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.shared.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoleCommand:
    """Whose role, and which it becomes."""

    account_id: AccountId
    role: Role
    expected_version: int | None = None


class ChangeRole:
    """Give a member another role.

    - Nobody gives a role above their own, nor changes that of somebody above them.
    - The last owner stays one.
    - It holds from the member's next request on.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: ChangeRoleCommand) -> None:
        """Change it.

        Raises:
            PermissionDenied: the actor may not change members.
            MemberNotFound: the tenant has no such member.
            StaleVersion: the membership was changed since it was read.
            RoleAboveOwn: the old or the new role stands above the actor's.
            LastOwner: the tenant would be left without an owner.
        """
        actor.require(Permission.MEMBER_WRITE)
        async with self._begin(actor.tenant_id) as work:
            owners = await work.memberships.count_owners()
            membership = await work.memberships.get(command.account_id)
            membership.expect_version(command.expected_version)
            membership.change_role(
                command.role,
                granted=actor.permissions,
                by=actor.account_id,
                owners=owners,
                now=self._clock.now(),
            )
            await work.commit()
