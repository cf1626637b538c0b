"""The use case by which an owner opens another tenant."""

from dataclasses import dataclass

from dify_hex.application.account.people import person_behind
from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.membership import Membership
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.account.tenant import Tenant
from dify_hex.domain.shared.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTenantCommand:
    """What the tenant is called."""

    name: str


class CreateTenant:
    """Open another tenant.

    - Whoever owns a tenant may open further ones, and owns those too.
    - The session stays where it is; `SwitchTenant` goes over.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: CreateTenantCommand) -> TenantId:
        """Make it.

        Raises:
            PeopleOnly: a machine asks.
            PermissionDenied: the actor may not change tenants.
            InvalidName: the name cannot be shown.
        """
        person = person_behind(actor)
        actor.require(Permission.TENANT_WRITE)
        tenant_id = TenantId(new_id())
        now = self._clock.now()
        async with self._begin(tenant_id) as work:
            work.tenants.add(Tenant.create(id=tenant_id, name=command.name, now=now))
            work.memberships.add(
                Membership.found(tenant_id=tenant_id, account_id=person.account_id, now=now)
            )
            await work.commit()
        return tenant_id
