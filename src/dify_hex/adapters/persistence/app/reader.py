"""Looking at apps and their versions, straight from SQL."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select

from dify_hex.adapters.persistence.app.mapper import configuration_to_domain
from dify_hex.adapters.persistence.app.rows import AppRow, AppVersionRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.app.ports import AppFilter, AppReader, AppVersionReader
from dify_hex.application.app.read_models import AppVersionDetail, AppVersionView, AppView
from dify_hex.domain.app.errors import AppNotFound, AppVersionNotFound
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest, SortField

_VIEW = (
    AppRow.id,
    AppRow.name,
    AppRow.slug,
    AppRow.description,
    AppRow.icon,
    AppRow.mode,
    AppRow.status,
    AppRow.published_number,
    AppRow.draft_version,
    AppRow.version,
    AppRow.created_at,
    AppRow.created_by,
    AppRow.updated_at,
)
_SUMMARY = (
    AppVersionRow.id,
    AppVersionRow.number,
    AppVersionRow.label,
    AppVersionRow.note,
    AppVersionRow.graph_hash,
    AppVersionRow.published_at,
    AppVersionRow.published_by,
)
_SORTABLE = {
    "created_at": AppRow.created_at,
    "updated_at": AppRow.updated_at,
    "name": AppRow.name_folded,
}


class SqlAppReader(AppReader):
    """Looks at a tenant's apps.

    A page and the total are one statement. The part of a name is looked for in every name of the
    tenant: the total reads all of them anyway, and under row-level security PostgreSQL would use
    no trigram index. Every order the list offers is an index of its own.
    """

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_apps(
        self, tenant_id: TenantId, page: PageRequest, wanted: AppFilter
    ) -> Page[AppView]:
        """The apps that were not deleted."""
        parameters = dict(_parameters(tenant_id, wanted))
        statement = _page_of_apps(page.sort, frozenset(parameters))
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                statement, {**parameters, "rows": page.limit, "skipped": page.offset}
            )
            rows = result.all()
            if rows or page.page == 1:
                total = rows[0].total if rows else 0
            else:
                # A page past the end has no row to carry the total.
                counted = await connection.execute(_count(frozenset(parameters)), parameters)
                total = counted.scalar_one()
        return Page(
            items=[_app_view(row) for row in rows], total=total, page=page.page, limit=page.limit
        )

    async def get_app(self, tenant_id: TenantId, app_id: AppId) -> AppView:
        """One app."""
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                select(*_VIEW).where(
                    AppRow.tenant_id == tenant_id,
                    AppRow.id == app_id,
                    AppRow.deleted_at.is_(None),
                )
            )
            row = result.one_or_none()
        if row is None:
            raise AppNotFound
        return _app_view(row)


class SqlAppVersionReader(AppVersionReader):
    """Looks at the published versions of apps that were not deleted."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_versions(
        self, tenant_id: TenantId, app_id: AppId, page: PageRequest
    ) -> Page[AppVersionView]:
        """The versions of an app, the latest first; their numbers have no gaps."""
        number = AppVersionRow.number
        oldest_first = bool(page.sort) and not page.sort[0].descending
        async with self._reads(tenant_id) as connection:
            published = await connection.execute(
                select(AppRow.published_number).where(
                    AppRow.tenant_id == tenant_id,
                    AppRow.id == app_id,
                    AppRow.deleted_at.is_(None),
                )
            )
            app = published.one_or_none()
            if app is None:
                raise AppNotFound
            total = app.published_number or 0
            result = await connection.execute(
                select(*_SUMMARY)
                .where(AppVersionRow.tenant_id == tenant_id, AppVersionRow.app_id == app_id)
                .order_by(number.asc() if oldest_first else number.desc())
                .limit(page.limit)
                .offset(page.offset)
            )
            rows = result.all()
        return Page(
            items=[_version_view(row) for row in rows],
            total=total,
            page=page.page,
            limit=page.limit,
        )

    async def get_version(
        self, tenant_id: TenantId, app_id: AppId, number: int
    ) -> AppVersionDetail:
        """One version."""
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                select(*_SUMMARY, AppVersionRow.mode, AppVersionRow.configuration)
                .join(
                    AppRow,
                    (AppRow.tenant_id == AppVersionRow.tenant_id)
                    & (AppRow.id == AppVersionRow.app_id),
                )
                .where(
                    AppVersionRow.tenant_id == tenant_id,
                    AppVersionRow.app_id == app_id,
                    AppVersionRow.number == number,
                    AppRow.deleted_at.is_(None),
                )
            )
            row = result.one_or_none()
        if row is None:
            raise AppVersionNotFound(number=number)
        return AppVersionDetail(
            summary=_version_view(row),
            configuration=configuration_to_domain(row.mode, row.configuration),
        )


def _parameters(tenant_id: TenantId, wanted: AppFilter) -> Iterator[tuple[str, object]]:
    yield "tenant_id", tenant_id
    if wanted.status is not None:
        yield "status", wanted.status.value
    if wanted.mode is not None:
        yield "mode", wanted.mode.value
    if wanted.q:
        yield "part", wanted.q.casefold()
    if wanted.only is not None:
        yield "only", wanted.only


def _conditions(names: frozenset[str]) -> Sequence[ColumnElement[bool]]:
    conditions: dict[str, ColumnElement[bool]] = {
        "tenant_id": AppRow.tenant_id == bindparam("tenant_id"),
        "status": AppRow.status == bindparam("status"),
        "mode": AppRow.mode == bindparam("mode"),
        "part": func.strpos(AppRow.name_folded, bindparam("part")) > 0,
        "only": AppRow.id == bindparam("only"),
    }
    return [
        AppRow.deleted_at.is_(None),
        *(condition for name, condition in conditions.items() if name in names),
    ]


@lru_cache(maxsize=256)
def _count(names: frozenset[str]) -> Select[int]:
    return select(func.count()).select_from(AppRow).where(*_conditions(names))


@lru_cache(maxsize=256)
def _page_of_apps(sort: tuple[SortField, ...], names: frozenset[str]) -> Select[*tuple[Any, ...]]:
    order = [
        _SORTABLE[key.name].desc() if key.descending else _SORTABLE[key.name].asc() for key in sort
    ]
    newest_last = bool(sort) and not sort[-1].descending
    return (
        select(*_VIEW, _count(names).scalar_subquery().label("total"))
        .where(*_conditions(names))
        .order_by(*order, AppRow.id.asc() if newest_last else AppRow.id.desc())
        .limit(bindparam("rows"))
        .offset(bindparam("skipped"))
    )


def _app_view(row: Row[*tuple[Any, ...]]) -> AppView:
    return AppView(
        id=AppId(row.id),
        name=row.name,
        slug=row.slug,
        description=row.description,
        icon=row.icon,
        mode=AppMode(row.mode),
        status=AppStatus(row.status),
        published_version=row.published_number,
        draft_version=row.draft_version,
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
    )


def _version_view(row: Row[*tuple[Any, ...]]) -> AppVersionView:
    return AppVersionView(
        id=AppVersionId(row.id),
        number=row.number,
        label=row.label,
        note=row.note,
        graph_hash=row.graph_hash,
        published_at=row.published_at,
        published_by=row.published_by,
    )
