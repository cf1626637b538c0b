"""Taking a secret from an app."""

from dataclasses import dataclass

from dify_hex.application.app.ports import AppSecretWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAppSecretCommand:
    """Which secret of which app."""

    app_id: AppId
    name: str


class DropAppSecret:
    """Forgets a secret.

    - A run that begins from now on and needs it fails, and names it.
    """

    def __init__(self, *, begin: BeginWork[AppSecretWork]) -> None:
        self._begin = begin

    async def execute(self, actor: Actor, command: DropAppSecretCommand) -> None:
        """Forget it.

        Raises:
            AppNotFound: there is no such app.
            AppSecretNotFound: the app has no secret of that name.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            await work.apps.standing(command.app_id)
            await work.app_secrets.remove(command.app_id, command.name)
            await work.commit()
