"""What the app slice needs of the outside."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

from dify_hex.application.app.read_models import AppVersionDetail, AppVersionView, AppView
from dify_hex.application.shared.unit_of_work import UnitOfWork
from dify_hex.application.workflow.ports import GraphDocuments
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.app.repository import (
    AppRepository,
    AppSecretRepository,
    AppVersionRepository,
)
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest


class AppWork(UnitOfWork, Protocol):
    """A transaction over apps."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""

    @property
    @abstractmethod
    def app_versions(self) -> AppVersionRepository:
        """Their published versions."""

    @property
    @abstractmethod
    def graph_documents(self) -> GraphDocuments:
        """The graphs that versions were turned into."""


class AppSecretWork(UnitOfWork, Protocol):
    """A transaction over the secrets of apps."""

    @property
    @abstractmethod
    def apps(self) -> AppRepository:
        """The tenant's apps."""

    @property
    @abstractmethod
    def app_secrets(self) -> AppSecretRepository:
        """Their secrets, sealed."""


class DeleteAppWork(AppWork, AppSecretWork, Protocol):
    """A transaction in which an app goes with its secrets."""


class PausedRuns(Protocol):
    """Runs that wait for something, and would go on with an app that is no longer in use."""

    @abstractmethod
    async def stop_those_of(self, tenant_id: TenantId, app_id: AppId) -> bool:
        """Have every paused run of the app stopped; whether there was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFilter:
    """Which apps to list; `q` is a part of the name, in either case, `only` a single app."""

    status: AppStatus | None = None
    mode: AppMode | None = None
    q: str | None = None
    only: AppId | None = None


class AppReader(Protocol):
    """Looks at apps without loading them."""

    @abstractmethod
    async def list_apps(
        self, tenant_id: TenantId, page: PageRequest, wanted: AppFilter
    ) -> Page[AppView]:
        """The apps that were not deleted; sorts by `created_at`, `updated_at` and `name`."""

    @abstractmethod
    async def get_app(self, tenant_id: TenantId, app_id: AppId) -> AppView:
        """One app.

        Raises:
            AppNotFound: there is none, or it was deleted.
        """


class AppVersionReader(Protocol):
    """Looks at published versions."""

    @abstractmethod
    async def list_versions(
        self, tenant_id: TenantId, app_id: AppId, page: PageRequest
    ) -> Page[AppVersionView]:
        """The versions of an app, the latest first; sorts by `number`.

        Raises:
            AppNotFound: there is no such app, or it was deleted.
        """

    @abstractmethod
    async def get_version(
        self, tenant_id: TenantId, app_id: AppId, number: int
    ) -> AppVersionDetail:
        """One version.

        Raises:
            AppVersionNotFound: there is none of that number, or no such app.
        """
