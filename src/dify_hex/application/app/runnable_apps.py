"""What a caller of an app talks to: a version that is ready to run."""

from abc import abstractmethod
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from dify_hex.application.app.executable_graph import executable_graph
from dify_hex.application.app.inspection import ConfigurationInspector
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppVersionNameAmbiguous,
    AppVersionNameUnknown,
)
from dify_hex.domain.app.repository import AppRepository, AppVersionRepository
from dify_hex.domain.shared.ids import AppId, AppVersionId
from dify_hex.domain.shared.values.graph_document import GraphDocument

#: Versions kept in memory per process; a configuration is a few kilobytes.
CACHED_VERSIONS = 512
#: How many versions of one name are told.
_NAMESAKES = 20


class VersionChoice(StrEnum):
    """Which version of an app to talk to."""

    PUBLISHED = "published"
    DRAFT = "draft"


#: A choice, the number of a version, or the name that it was published under.
WantedVersion = VersionChoice | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnableApp:
    """A configuration and its graph; `version_id` is None for a draft."""

    version_id: AppVersionId | None
    configuration: Configuration
    graph: GraphDocument


class RunnableAppWork(Protocol):
    """The part of a transaction that looking an app up takes."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""

    @property
    @abstractmethod
    def app_versions(self) -> AppVersionRepository:
        """Their published versions."""


class RunnableApps:
    """Finds what is to be run, in the caller's transaction.

    Published versions never change, so they are remembered by their id, which was read under the
    tenant's own eyes just before. A draft is turned into a graph each time; a run of it keeps that
    graph, so that it can be gone on with after the draft was edited.
    """

    def __init__(self, *, inspector: ConfigurationInspector, graphs: GraphCodec) -> None:
        self._inspector = inspector
        self._graphs = graphs
        self._cache: OrderedDict[AppVersionId, RunnableApp] = OrderedDict()

    async def find(
        self, app_id: AppId, choice: WantedVersion, work: RunnableAppWork
    ) -> RunnableApp:
        """The app's published version, an earlier one by number or name, or its draft.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app is out of use.
            AppNotPublished: it has no version yet.
            AppVersionNotFound: it has none of that number.
            AppVersionNameUnknown: it has none of that name.
            AppVersionNameAmbiguous: it has several of that name.
            AppConfigurationInvalid: the draft has faults.
        """
        standing = await work.apps.standing(app_id)
        if choice is VersionChoice.DRAFT:
            standing.require_active()
            return await self._draft(app_id, work)
        published = standing.runnable()
        number = published.number
        if not isinstance(choice, VersionChoice):
            number = await self._number_of(app_id, choice, work)
        if number != published.number:
            return await self._load(app_id, number, work)
        known = self._cache.get(published.version_id)
        if known is not None:
            self._cache.move_to_end(published.version_id)
            return known
        app = await self._load(app_id, published.number, work)
        self._remember(published.version_id, app)
        return app

    @staticmethod
    async def _number_of(app_id: AppId, wanted: int | str, work: RunnableAppWork) -> int:
        if isinstance(wanted, int):
            return wanted
        numbers = await work.app_versions.numbers_of(app_id, wanted, limit=_NAMESAKES)
        if not numbers:
            raise AppVersionNameUnknown(name=wanted)
        if len(numbers) > 1:
            raise AppVersionNameAmbiguous(name=wanted, numbers=list(numbers))
        return numbers[0]

    @staticmethod
    async def _load(app_id: AppId, number: int, work: RunnableAppWork) -> RunnableApp:
        version = await work.app_versions.get(app_id, number)
        return RunnableApp(
            version_id=version.id,
            configuration=version.configuration,
            graph=await work.app_versions.graph_of(version),
        )

    async def _draft(self, app_id: AppId, work: RunnableAppWork) -> RunnableApp:
        app = await work.apps.get(app_id)
        configuration = app.state.draft.configuration
        faults = self._inspector.own_faults(configuration)
        if faults:
            raise AppConfigurationInvalid(faults)
        graph = executable_graph(configuration, self._graphs)
        return RunnableApp(version_id=None, configuration=configuration, graph=graph)

    def _remember(self, version_id: AppVersionId, app: RunnableApp) -> None:
        self._cache[version_id] = app
        if len(self._cache) > CACHED_VERSIONS:
            self._cache.popitem(last=False)
