"""Apps and their versions in one unit of work."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, bindparam, select

from dify_hex.adapters.persistence.app.mapper import (
    published_of,
    to_domain,
    version_to_domain,
    version_to_row,
    write,
)
from dify_hex.adapters.persistence.app.rows import AppRow, AppVersionRow
from dify_hex.adapters.persistence.graph_document_rows import GraphDocumentRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.app.app import App
from dify_hex.domain.app.errors import AppNotFound, AppVersionNotFound
from dify_hex.domain.app.mode import AppStatus
from dify_hex.domain.app.repository import AppRepository, AppVersionRepository
from dify_hex.domain.app.standing import AppStanding
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.graph_document import GraphDocument

_APPS = cast(Table, AppRow.__table__)
#: Every message asks this, so it reads three columns of the bare table.
_STANDING = select(_APPS.c.status, _APPS.c.published_version_id, _APPS.c.published_number).where(
    _APPS.c.tenant_id == bindparam("tenant_id"),
    _APPS.c.id == bindparam("app_id"),
    _APPS.c.deleted_at.is_(None),
)


class SqlAppRepository(AppRepository):
    """The apps of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, app_id: AppId) -> App:
        """The app."""
        row = await self._scope.session.scalar(
            select(AppRow).where(
                AppRow.tenant_id == self._scope.tenant_id,
                AppRow.id == app_id,
                AppRow.deleted_at.is_(None),
            )
        )
        if row is None:
            raise AppNotFound
        return self._scope.tracker.load(row, to_domain, write)

    async def standing(self, app_id: AppId) -> AppStanding:
        """Whether the app can be talked to, without loading it."""
        result = await self._scope.session.execute(
            _STANDING, {"tenant_id": self._scope.tenant_id, "app_id": app_id}
        )
        row = result.one_or_none()
        if row is None:
            raise AppNotFound
        status, version_id, number = row
        return AppStanding(
            app_id=app_id, status=AppStatus(status), published=published_of(version_id, number)
        )

    def add(self, app: App) -> None:
        """Keep a new app."""
        self._scope.tracker.add(app, AppRow(), write)


class SqlAppVersionRepository(AppVersionRepository):
    """The published versions of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, app_id: AppId, number: int) -> AppVersion:
        """The version of that number."""
        row = await self._scope.session.scalar(
            select(AppVersionRow).where(
                AppVersionRow.tenant_id == self._scope.tenant_id,
                AppVersionRow.app_id == app_id,
                AppVersionRow.number == number,
            )
        )
        if row is None:
            raise AppVersionNotFound(number=number)
        return version_to_domain(row)

    async def numbers_of(self, app_id: AppId, label: str, *, limit: int) -> Sequence[int]:
        """The numbers of the versions with that label."""
        found = await self._scope.session.scalars(
            select(AppVersionRow.number)
            .where(
                AppVersionRow.tenant_id == self._scope.tenant_id,
                AppVersionRow.app_id == app_id,
                AppVersionRow.label == label,
            )
            .order_by(AppVersionRow.number.desc())
            .limit(limit)
        )
        return found.all()

    async def graph_of(self, version: AppVersion) -> GraphDocument:
        """The exact graph the version was turned into."""
        result = await self._scope.session.execute(
            select(GraphDocumentRow.document).where(
                GraphDocumentRow.tenant_id == self._scope.tenant_id,
                GraphDocumentRow.hash == version.graph_hash,
            )
        )
        return GraphDocument(result.scalar_one())

    def add(self, version: AppVersion) -> None:
        """Keep a version that was just published."""
        self._scope.session.add(version_to_row(version))
