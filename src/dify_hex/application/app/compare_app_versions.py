"""Comparing two versions of an app, or one with the draft."""

from dataclasses import dataclass

from dify_hex.application.app.graph_inspection import drawn_graph
from dify_hex.application.app.ports import AppWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.app import App
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.difference import changed_fields
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.workflow.graph.difference import GraphDifference, difference


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAppVersionsCommand:
    """Which version is compared; `other` is a version's number, None for the draft."""

    app_id: AppId
    number: int
    other: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionComparison:
    """By what the other is another one; `graph` is None where the app has no drawn graph."""

    number: int
    other: int | None
    fields: tuple[str, ...]
    graph: GraphDifference | None

    @property
    def is_empty(self) -> bool:
        """Whether both mean the same."""
        return not self.fields and (self.graph is None or self.graph.is_empty)


class CompareAppVersions:
    """Says what has to be done to a version to make it mean what another one, or the draft, does.

    - Graphs are compared by what they mean: the order in which things are written does not count.
    - A draft with faults is compared as far as it can be read.
    - Versions of an archived app can be compared, too.
    """

    def __init__(self, *, begin: BeginWork[AppWork], graphs: GraphCodec) -> None:
        self._begin = begin
        self._graphs = graphs

    async def execute(self, actor: Actor, command: CompareAppVersionsCommand) -> VersionComparison:
        """Compare the two.

        Raises:
            AppNotFound: there is no such app.
            AppVersionNotFound: it has no version of one of the numbers.
        """
        actor.require_app(command.app_id, Permission.APP_READ)
        async with self._begin(actor.tenant_id) as work:
            app = await work.apps.get(command.app_id)
            before = await _configuration(app, command.number, work)
            after = await _configuration(app, command.other, work)
        return VersionComparison(
            number=command.number,
            other=command.other,
            fields=changed_fields(before, after),
            graph=self._graph_difference(before, after),
        )

    def _graph_difference(
        self, before: Configuration, after: Configuration
    ) -> GraphDifference | None:
        match before, after:
            case (
                WorkflowConfiguration() | ChatflowConfiguration(),
                WorkflowConfiguration() | ChatflowConfiguration(),
            ):
                return difference(
                    drawn_graph(before, self._graphs).graph, drawn_graph(after, self._graphs).graph
                )
            case _:
                return None


async def _configuration(app: App, number: int | None, work: AppWork) -> Configuration:
    if number is None:
        return app.state.draft.configuration
    return (await work.app_versions.get(app.id, number)).configuration
