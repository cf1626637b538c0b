"""Looking at an app's draft and what is wrong with it."""

from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import DraftView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AppId


class InspectDraft:
    """Shows an app's draft with every fault that would stop it from being published.

    - The draft of an archived app can be looked at, too.
    """

    def __init__(self, *, begin: BeginWork[AppWork], inspector: ConfigurationInspector) -> None:
        self._begin = begin
        self._inspector = inspector

    async def execute(self, actor: Actor, app_id: AppId) -> DraftView:
        """The draft.

        Raises:
            AppNotFound: there is no such app.
        """
        actor.require_app(app_id, Permission.APP_READ)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(app_id)
        configuration = app.state.draft.configuration
        faults = await self._inspector.faults(actor.tenant_id, app_id, configuration)
        return DraftView.of(app, faults)
