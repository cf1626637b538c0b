"""The use case that takes someone out of a tenant."""

from dataclasses import dataclass

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMemberCommand:
    """Who has to go."""

    account_id: AccountId


class RemoveMember:
    """Take a member out of the tenant.

    - Nobody takes out somebody who stands above them.
    - The last owner stays.
    - Their sessions in the tenant are over at once, also if they are added again later. Keys they
      made belong to the tenant and stay.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: RemoveMemberCommand) -> None:
        """Remove them.

        Raises:
            PermissionDenied: the actor may not change members.
            MemberNotFound: the tenant has no such member.
            RoleAboveOwn: the member's role stands above the actor's.
            LastOwner: the tenant would be left without an owner.
        """
        actor.require(Permission.MEMBER_WRITE)
        async with self._begin(actor.tenant_id) as work:
            owners = await work.memberships.count_owners()
            membership = await work.memberships.get(command.account_id)
            membership.end(
                granted=actor.permissions,
                by=actor.account_id,
                owners=owners,
                now=self._clock.now(),
            )
            await work.memberships.remove(membership)
            await work.commit()
