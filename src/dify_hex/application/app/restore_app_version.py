"""Going back to an old version of an app."""

from dataclasses import dataclass

from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import DraftView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreAppVersionCommand:
    """Which version of which app becomes the draft."""

    app_id: AppId
    number: int
    expected_draft_version: int | None = None


class RestoreAppVersion:
    """Makes an old version's configuration the draft again.

    - What is published stays published, until the draft is.
    - Whoever says which draft they have seen does not overwrite a newer one.
    - What has become unusable since then shows as faults of the draft.
    """

    def __init__(
        self, *, begin: BeginWork[AppWork], clock: Clock, inspector: ConfigurationInspector
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._inspector = inspector

    async def execute(self, actor: Actor, command: RestoreAppVersionCommand) -> DraftView:
        """Restore the version.

        Raises:
            AppNotFound: there is no such app.
            AppVersionNotFound: the app has no version of that number.
            AppIsArchived: the app has to be unarchived first.
            StaleVersion: the draft is not as the caller has seen it.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            app.expect_draft_version(command.expected_draft_version)
            version = await work.app_versions.get(app.id, command.number)
            app.restore(version, now=self._clock.now(), by=actor.caller_id)
            await work.commit()
        faults = await self._inspector.faults(actor.tenant_id, app.id, version.configuration)
        return DraftView.of(app, faults)
