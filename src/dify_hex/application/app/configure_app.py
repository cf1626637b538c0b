"""Editing an app's draft."""

from dataclasses import dataclass

from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import DraftView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.shared.ids import AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigureAppCommand:
    """The whole new draft, and the version of the draft it was made from."""

    app_id: AppId
    configuration: Configuration
    expected_draft_version: int


class ConfigureApp:
    """Replaces an app's draft.

    - Whoever edits says which version of the draft they have seen; a newer one is not overwritten.
    - A draft with faults is kept, and the faults are answered; they only stop publishing.
    - The same configuration again changes nothing, not even the draft's version.
    - Callers of the app notice nothing until it is published.
    """

    def __init__(
        self, *, begin: BeginWork[AppWork], clock: Clock, inspector: ConfigurationInspector
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._inspector = inspector

    async def execute(self, actor: Actor, command: ConfigureAppCommand) -> DraftView:
        """Replace the draft.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app has to be unarchived first.
            AppModeMismatch: the configuration is of another mode than the app.
            StaleVersion: the draft is not as the caller has seen it.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        faults = await self._inspector.faults(
            actor.tenant_id, command.app_id, command.configuration
        )
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            app.configure(
                command.configuration,
                expected_draft_version=command.expected_draft_version,
                now=self._clock.now(),
                by=actor.caller_id,
            )
            await work.commit()
        return DraftView.of(app, faults)
