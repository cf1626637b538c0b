"""Publishing an app's draft."""

from dataclasses import dataclass

from dify_hex.application.app.executable_graph import executable_graph
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.app.ports import AppWork
from dify_hex.application.app.read_models import AppVersionView
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.app import App
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AppId, AppVersionId
from dify_hex.domain.shared.values.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishAppCommand:
    """Which app, and the publisher's words about the version.

    `expected_draft_version` publishes exactly the draft that was seen; None whatever it is now.
    """

    app_id: AppId
    label: str = ""
    note: str = ""
    expected_draft_version: int | None = None


class PublishApp:
    """Freezes an app's draft into its next version, which callers talk to from then on.

    - Versions are numbered from 1 and never change.
    - A draft with faults is refused, with all of them.
    - A draft that equals the latest version is refused: there is nothing to publish.
    - Conversations go on with the new version; runs under way finish with theirs.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[AppWork],
        clock: Clock,
        inspector: ConfigurationInspector,
        graphs: GraphCodec,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._inspector = inspector
        self._graphs = graphs

    async def execute(self, actor: Actor, command: PublishAppCommand) -> AppVersionView:
        """Publish the draft.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app has to be unarchived first.
            AppConfigurationInvalid: the draft has faults.
            AppNothingToPublish: nothing has changed since the latest version.
            StaleVersion: the draft is not as the caller has seen it.
        """
        actor.require_app(command.app_id, Permission.APP_PUBLISH)
        draft_version, faults = await self._inspected(actor, command)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            app.expect_draft_version(draft_version)
            app.require_publishable(faults)
            document = executable_graph(app.state.draft.configuration, self._graphs)
            version = app.publish(
                version_id=AppVersionId(new_id()),
                graph_hash=document.hash,
                faults=faults,
                latest=await _latest(app, work),
                now=self._clock.now(),
                by=actor.caller_id,
                label=command.label,
                note=command.note,
            )
            await work.graph_documents.add(document)
            work.app_versions.add(version)
            await work.commit()
        return AppVersionView.of(version)

    async def _inspected(self, actor: Actor, command: PublishAppCommand) -> tuple[int, list[Fault]]:
        """The draft's version and faults, found before the transaction that publishes it."""
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
        app.expect_draft_version(command.expected_draft_version)
        draft = app.state.draft
        faults = await self._inspector.faults(actor.tenant_id, app.id, draft.configuration)
        return draft.version, faults


async def _latest(app: App, work: AppWork) -> AppVersion | None:
    published = app.state.published
    return None if published is None else await work.app_versions.get(app.id, published.number)
