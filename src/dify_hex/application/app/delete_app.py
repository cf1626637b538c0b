"""Deleting an app."""

from dataclasses import dataclass

from dify_hex.application.app.ports import DeleteAppWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAppCommand:
    """Which app; `expected_version` None deletes whatever it is now."""

    app_id: AppId
    expected_version: int | None = None


class DeleteApp:
    """Deletes an app.

    - Its name and slug can be used again at once.
    - Its paused runs are stopped; those under way finish.
    - Its secrets are forgotten at once.
    - Conversations and runs stay in the store for the record, and are reached no more.
    """

    def __init__(self, *, begin: BeginWork[DeleteAppWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: DeleteAppCommand) -> None:
        """Delete the app.

        Raises:
            AppNotFound: there is no such app.
            StaleVersion: the app is not as the caller has seen it.
        """
        actor.require_app(command.app_id, Permission.APP_DELETE)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            app.expect_version(command.expected_version)
            await work.app_secrets.remove_all(app.id)
            app.delete(now=self._clock.now(), by=actor.caller_id)
            await work.commit()
