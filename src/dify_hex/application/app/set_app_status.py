"""Taking an app out of use, and bringing it back."""

from dataclasses import dataclass

from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import AppView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAppStatusCommand:
    """Which app, and whether it is to be in use."""

    app_id: AppId
    status: AppStatus


class SetAppStatus:
    """Archives or unarchives an app.

    - An archived app answers nobody and cannot be edited; it keeps its name and its versions.
    - Its paused runs are stopped; those under way finish.
    - Doing it twice is doing it once.
    """

    def __init__(self, *, begin: BeginWork[AppWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: SetAppStatusCommand) -> AppView:
        """Set the status.

        Raises:
            AppNotFound: there is no such app.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            change = app.archive if command.status is AppStatus.ARCHIVED else app.unarchive
            change(now=self._clock.now(), by=actor.caller_id)
            await work.commit()
        return AppView.of(app)
