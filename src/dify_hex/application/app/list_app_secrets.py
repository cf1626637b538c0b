"""Seeing which secrets an app has."""

from collections.abc import Sequence

from dify_hex.application.app.ports import AppSecretWork
from dify_hex.application.app.read_models import AppSecretView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId


class ListAppSecrets:
    """Shows the names of an app's secrets.

    - Values are shown to nobody.
    """

    def __init__(self, *, begin: BeginWork[AppSecretWork]) -> None:
        self._begin = begin

    async def execute(self, actor: Actor, app_id: AppId) -> Sequence[AppSecretView]:
        """The secrets, by name.

        Raises:
            AppNotFound: there is no such app.
        """
        actor.require_app(app_id, Permission.APP_READ)
        async with self._begin(actor.tenant_id) as work:
            await work.apps.standing(app_id)
            kept = await work.app_secrets.of(app_id)
        return [AppSecretView.of(secret) for secret in kept]
