"""The use case that gives a tenant another name."""

from dataclasses import dataclass

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTenantCommand:
    """The new name, and the version that was seen if the caller says so."""

    name: str
    expected_version: int | None = None


class RenameTenant:
    """Give the actor's tenant another name.

    - The slug stays, so that links go on working.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: RenameTenantCommand) -> None:
        """Rename it.

        Raises:
            PermissionDenied: the actor may not change tenants.
            StaleVersion: it was changed since it was read.
            InvalidName: the name cannot be shown.
        """
        actor.require(Permission.TENANT_WRITE)
        async with self._begin(actor.tenant_id) as work:
            tenant = await work.tenants.get()
            tenant.expect_version(command.expected_version)
            tenant.rename(command.name, now=self._clock.now())
            await work.commit()
