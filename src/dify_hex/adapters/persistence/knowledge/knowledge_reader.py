"""Looking at Knowledge, straight from SQL."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, func, select

from dify_hex.adapters.persistence.knowledge.mapper import (
    fields_to_domain,
    model_to_domain,
    settings_to_domain,
)
from dify_hex.adapters.persistence.knowledge.rows import DocumentRow, KnowledgeRow
from dify_hex.adapters.persistence.knowledge.segment_rows import IndexTotalsRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.knowledge.read_models import KnowledgeView
from dify_hex.application.knowledge.readers import KnowledgeReader
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.shared.ids import KnowledgeId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest, SortField

_DOCUMENTS = (
    select(func.count())
    .select_from(DocumentRow)
    .where(
        DocumentRow.tenant_id == KnowledgeRow.tenant_id,
        DocumentRow.knowledge_id == KnowledgeRow.id,
        DocumentRow.deleted_at.is_(None),
    )
    .correlate(KnowledgeRow)
    .scalar_subquery()
    .label("documents")
)
_SEGMENTS = (
    select(func.coalesce(func.sum(IndexTotalsRow.segments), 0))
    .where(
        IndexTotalsRow.tenant_id == KnowledgeRow.tenant_id,
        IndexTotalsRow.knowledge_id == KnowledgeRow.id,
    )
    .correlate(KnowledgeRow)
    .scalar_subquery()
    .label("segments")
)
_VIEW = (
    KnowledgeRow.id,
    KnowledgeRow.name,
    KnowledgeRow.description,
    KnowledgeRow.settings,
    KnowledgeRow.next_embedding,
    KnowledgeRow.metadata_fields,
    KnowledgeRow.version,
    KnowledgeRow.created_at,
    KnowledgeRow.created_by,
    KnowledgeRow.updated_at,
    _DOCUMENTS,
    _SEGMENTS,
)
_SORTABLE = {
    "created_at": KnowledgeRow.created_at,
    "updated_at": KnowledgeRow.updated_at,
    "name": KnowledgeRow.name_folded,
}


class SqlKnowledgeReader(KnowledgeReader):
    """Looks at a tenant's Knowledge."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_knowledge(
        self, tenant_id: TenantId, page: PageRequest, q: str | None
    ) -> Page[KnowledgeView]:
        """Those that were not deleted."""
        parameters: dict[str, object] = {"tenant_id": tenant_id}
        if q:
            parameters["part"] = q.casefold()
        async with self._reads(tenant_id) as connection:
            counted = await connection.execute(_count(bool(q)), parameters)
            listed = await connection.execute(
                _page(page.sort, bool(q)),
                {**parameters, "rows": page.limit, "skipped": page.offset},
            )
            total, rows = counted.scalar_one(), listed.all()
        return Page(
            items=[_view(row) for row in rows], total=total, page=page.page, limit=page.limit
        )

    async def get_knowledge(self, tenant_id: TenantId, knowledge_id: KnowledgeId) -> KnowledgeView:
        """One Knowledge."""
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                select(*_VIEW).where(
                    KnowledgeRow.tenant_id == tenant_id,
                    KnowledgeRow.id == knowledge_id,
                    KnowledgeRow.deleted_at.is_(None),
                )
            )
            row = result.one_or_none()
        if row is None:
            raise KnowledgeNotFound
        return _view(row)


def _conditions(by_name: bool) -> Sequence[ColumnElement[bool]]:
    conditions = [
        KnowledgeRow.tenant_id == bindparam("tenant_id"),
        KnowledgeRow.deleted_at.is_(None),
    ]
    if by_name:
        conditions.append(func.strpos(KnowledgeRow.name_folded, bindparam("part")) > 0)
    return conditions


@lru_cache(maxsize=2)
def _count(by_name: bool) -> Select[int]:
    return select(func.count()).select_from(KnowledgeRow).where(*_conditions(by_name))


@lru_cache(maxsize=64)
def _page(sort: tuple[SortField, ...], by_name: bool) -> Select[*tuple[Any, ...]]:
    order = [
        _SORTABLE[key.name].desc() if key.descending else _SORTABLE[key.name].asc() for key in sort
    ]
    newest_last = bool(sort) and not sort[-1].descending
    return (
        select(*_VIEW)
        .where(*_conditions(by_name))
        .order_by(*order, KnowledgeRow.id.asc() if newest_last else KnowledgeRow.id.desc())
        .limit(bindparam("rows"))
        .offset(bindparam("skipped"))
    )


def _view(row: Row[*tuple[Any, ...]]) -> KnowledgeView:
    return KnowledgeView(
        id=KnowledgeId(row.id),
        name=row.name,
        description=row.description,
        settings=settings_to_domain(row.settings),
        next_embedding=model_to_domain(row.next_embedding),
        metadata_fields=fields_to_domain(row.metadata_fields),
        documents=row.documents,
        segments=int(row.segments),
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
    )
