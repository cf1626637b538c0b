"""The use case by which a person goes on in another of their tenants."""

from dataclasses import dataclass

from dify_hex.application.account.people import person_behind
from dify_hex.application.account.ports import AccountWork
from dify_hex.application.account.tokens import Device, SessionTokens, SignedIn
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.errors import TenantNotFound
from dify_hex.domain.shared.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchTenantCommand:
    """The tenant to go on in."""

    tenant_id: TenantId
    device: Device


class SwitchTenant:
    """Go on in another tenant.

    - Only a tenant that one belongs to, and that is not suspended.
    - The session in the present tenant ends once there is one in the other.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock, tokens: SessionTokens) -> None:
        self._begin = begin
        self._clock = clock
        self._tokens = tokens

    async def execute(self, actor: Actor, command: SwitchTenantCommand) -> SignedIn:
        """Open a session there and end the one here.

        Raises:
            PeopleOnly: a machine asks.
            TenantNotFound: there is no such tenant, or one does not belong to it.
            TenantSuspended: the tenant is suspended.
        """
        person = person_behind(actor)
        now = self._clock.now()
        async with self._begin(command.tenant_id) as work:
            membership = await work.memberships.find(person.account_id)
            if membership is None:
                raise TenantNotFound
            (await work.tenants.get()).require_active()
            session, signed_in = self._tokens.open(
                tenant_id=command.tenant_id,
                account_id=person.account_id,
                role=membership.role,
                device=command.device,
                now=now,
            )
            work.sessions.add(session)
            await work.commit()
        async with self._begin(actor.tenant_id) as work:
            (await work.sessions.get(person.session_id)).revoke(now=now)
            await work.commit()
        return signed_in
