"""Apps, versions and graphs in memory, for unit tests of use cases."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dify_hex.application.app.ports import AppFilter, AppReader, DeleteAppWork
from dify_hex.application.app.read_models import AppView
from dify_hex.application.app.run_retention import RunRetentions
from dify_hex.application.workflow.ports import GraphDocuments
from dify_hex.domain.app.app import App
from dify_hex.domain.app.errors import (
    AppNameTaken,
    AppNotFound,
    AppSecretNotFound,
    AppSlugTaken,
    AppVersionNotFound,
)
from dify_hex.domain.app.repository import (
    AppRepository,
    AppSecretRepository,
    AppVersionRepository,
)
from dify_hex.domain.app.run_retention import RunRetention
from dify_hex.domain.app.secret import AppSecret
from dify_hex.domain.app.standing import AppStanding
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest
from dify_hex.domain.shared.values.graph_document import GraphDocument
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork, Unique

VersionKey = tuple[TenantId, AppId, int]
GraphKey = tuple[TenantId, str]


@dataclass(slots=True)
class AppShelf:
    """What was committed besides aggregates."""

    versions: dict[VersionKey, AppVersion] = field(default_factory=dict)
    graphs: dict[GraphKey, GraphDocument] = field(default_factory=dict)
    secrets: dict[tuple[TenantId, AppId, str], AppSecret] = field(default_factory=dict)
    retentions: dict[tuple[TenantId, AppId], RunRetention] = field(default_factory=dict)
    #: How often a version was loaded.
    loaded: int = 0


class MemoryAppRepository(AppRepository):
    """Apps of one tenant."""

    def __init__(self, table: MemoryTable[App]) -> None:
        self._table = table

    async def get(self, app_id: AppId) -> App:
        app = self._table.find(app_id)
        if app is None or app.state.deleted_at is not None:
            raise AppNotFound
        return app

    async def standing(self, app_id: AppId) -> AppStanding:
        state = (await self.get(app_id)).state
        return AppStanding(app_id=app_id, status=state.status, published=state.published)

    def add(self, app: App) -> None:
        self._table.add(app.id, app)


class MemoryAppVersionRepository(AppVersionRepository):
    """Versions of one tenant's apps."""

    def __init__(self, tenant_id: TenantId, shelf: AppShelf) -> None:
        self._tenant_id = tenant_id
        self._shelf = shelf
        self.added: list[AppVersion] = []

    async def get(self, app_id: AppId, number: int) -> AppVersion:
        version = self._shelf.versions.get((self._tenant_id, app_id, number))
        if version is None:
            raise AppVersionNotFound(number=number)
        self._shelf.loaded += 1
        return version

    async def numbers_of(self, app_id: AppId, label: str, *, limit: int) -> Sequence[int]:
        found = [
            number
            for (tenant_id, of, number), version in self._shelf.versions.items()
            if (tenant_id, of, version.label) == (self._tenant_id, app_id, label)
        ]
        return sorted(found, reverse=True)[:limit]

    async def graph_of(self, version: AppVersion) -> GraphDocument:
        return self._shelf.graphs[self._tenant_id, version.graph_hash]

    def add(self, version: AppVersion) -> None:
        self.added.append(version)


class MemoryGraphDocuments(GraphDocuments):
    """Graphs of one tenant."""

    def __init__(self) -> None:
        self.added: list[GraphDocument] = []

    async def add(self, document: GraphDocument) -> None:
        self.added.append(document)


class MemoryRunRetentions(RunRetentions):
    """What one tenant's apps have said of their runs; changes are kept at once."""

    def __init__(self, tenant_id: TenantId, shelf: AppShelf) -> None:
        self._tenant_id = tenant_id
        self._shelf = shelf

    async def of(self, app_id: AppId) -> RunRetention:
        return self._shelf.retentions.get((self._tenant_id, app_id), RunRetention())

    async def keep(self, app_id: AppId, retention: RunRetention) -> None:
        self._shelf.retentions[self._tenant_id, app_id] = retention


class MemoryAppSecrets(AppSecretRepository):
    """Sealed secrets of one tenant's apps; changes are kept at once."""

    def __init__(self, tenant_id: TenantId, shelf: AppShelf) -> None:
        self._tenant_id = tenant_id
        self._shelf = shelf

    async def of(self, app_id: AppId) -> Sequence[AppSecret]:
        found = self._shelf.secrets.items()
        return [kept for key, kept in sorted(found) if key[:2] == (self._tenant_id, app_id)]

    async def keep(self, secret: AppSecret) -> None:
        self._shelf.secrets[self._tenant_id, secret.app_id, secret.name] = secret

    async def remove(self, app_id: AppId, name: str) -> None:
        if self._shelf.secrets.pop((self._tenant_id, app_id, name), None) is None:
            raise AppSecretNotFound

    async def remove_all(self, app_id: AppId) -> None:
        for secret in await self.of(app_id):
            await self.remove(app_id, secret.name)


class MemoryAppWork(MemoryWork, DeleteAppWork):
    """One transaction over apps."""

    def __init__(self, database: MemoryDatabase, tenant_id: TenantId, shelf: AppShelf) -> None:
        super().__init__(database, tenant_id)
        self._shelf = shelf

    @cached_property
    def apps(self) -> MemoryAppRepository:
        return MemoryAppRepository(
            self.table(
                App,
                unique=[Unique(_living_name, AppNameTaken), Unique(_living_slug, AppSlugTaken)],
            )
        )

    @cached_property
    def app_secrets(self) -> MemoryAppSecrets:
        return MemoryAppSecrets(self.tenant_id, self._shelf)

    @cached_property
    def run_retentions(self) -> MemoryRunRetentions:
        return MemoryRunRetentions(self.tenant_id, self._shelf)

    @cached_property
    def app_versions(self) -> MemoryAppVersionRepository:
        return MemoryAppVersionRepository(self.tenant_id, self._shelf)

    @cached_property
    def graph_documents(self) -> MemoryGraphDocuments:
        return MemoryGraphDocuments()

    async def commit(self) -> None:
        await super().commit()
        for version in self.app_versions.added:
            self._shelf.versions[self.tenant_id, version.app_id, version.number] = version
        for graph in self.graph_documents.added:
            self._shelf.graphs[self.tenant_id, graph.hash] = graph


class MemoryAppReader(AppReader):
    """Looks at the committed apps of a database."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def list_apps(
        self, tenant_id: TenantId, page: PageRequest, wanted: AppFilter
    ) -> Page[AppView]:
        views = [AppView.of(app) for app in self._living(tenant_id) if _matches(app, wanted)]
        for key in reversed(page.sort):
            views.sort(key=lambda view: getattr(view, key.name), reverse=key.descending)
        return Page(
            items=views[page.offset : page.offset + page.limit],
            total=len(views),
            page=page.page,
            limit=page.limit,
        )

    async def get_app(self, tenant_id: TenantId, app_id: AppId) -> AppView:
        for app in self._living(tenant_id):
            if app.id == app_id:
                return AppView.of(app)
        raise AppNotFound

    def _living(self, tenant_id: TenantId) -> Iterable[App]:
        for app in self._database.all(App):
            if app.tenant_id == tenant_id and app.state.deleted_at is None:
                yield app


def _matches(app: App, wanted: AppFilter) -> bool:
    return (
        wanted.status in {None, app.state.status}
        and wanted.mode in {None, app.mode}
        and wanted.only in {None, app.id}
        and (wanted.q or "").casefold() in app.state.profile.name.casefold()
    )


def _living_name(app: App) -> str | None:
    return None if app.state.deleted_at else app.state.profile.name.casefold()


def _living_slug(app: App) -> str | None:
    return None if app.state.deleted_at else app.state.profile.slug
