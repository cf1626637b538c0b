"""Looking at documents, straight from SQL."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dify_hex.adapters.persistence.knowledge.mapper import (
    content_of,
    failure_of,
    metadata_to_domain,
    progress_of,
)
from dify_hex.adapters.persistence.knowledge.rows import DocumentRow, KnowledgeRow
from dify_hex.adapters.persistence.knowledge.segment_rows import SegmentRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.knowledge.read_models import DocumentView
from dify_hex.application.knowledge.readers import DocumentFilterRequest, DocumentsReader
from dify_hex.domain.knowledge.errors import DocumentNotFound, KnowledgeNotFound
from dify_hex.domain.knowledge.indexing import DocumentStatus
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, TaskId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest, SortField

_VIEW = (
    DocumentRow.id,
    DocumentRow.knowledge_id,
    DocumentRow.name,
    DocumentRow.file_id,
    DocumentRow.origin,
    DocumentRow.media_type,
    DocumentRow.size,
    DocumentRow.sha256,
    DocumentRow.status,
    DocumentRow.task_id,
    DocumentRow.error_code,
    DocumentRow.error_message,
    DocumentRow.is_enabled,
    DocumentRow.facts.label("facts"),
    DocumentRow.stage,
    DocumentRow.percent,
    DocumentRow.pages,
    DocumentRow.characters,
    DocumentRow.segments,
    DocumentRow.indexed_segments,
    DocumentRow.version,
    DocumentRow.created_at,
    DocumentRow.created_by,
    DocumentRow.updated_at,
    DocumentRow.indexed_at,
)
_SORTABLE = {
    "created_at": DocumentRow.created_at,
    "updated_at": DocumentRow.updated_at,
    "name": DocumentRow.name_folded,
}
_KNOWLEDGE = select(KnowledgeRow.id).where(
    KnowledgeRow.tenant_id == bindparam("tenant_id"),
    KnowledgeRow.id == bindparam("knowledge_id"),
    KnowledgeRow.deleted_at.is_(None),
)
_SEARCHED = ~SegmentRow.has_children
_FIGURES = (
    select(
        SegmentRow.document_id,
        func.count().filter(_SEARCHED).label("segments"),
        func.count(SegmentRow.indexed_at).filter(_SEARCHED).label("indexed"),
        func.coalesce(func.sum(SegmentRow.hit_count), 0).label("hits"),
    )
    .where(
        SegmentRow.tenant_id == bindparam("tenant_id"),
        SegmentRow.document_id.in_(bindparam("document_ids", expanding=True)),
    )
    .group_by(SegmentRow.document_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    segments: int = 0
    indexed: int = 0
    hits: int = 0


class SqlDocumentsReader(DocumentsReader):
    """Looks at the documents of a tenant's Knowledge, with what its segments add up to."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_documents(
        self,
        tenant_id: TenantId,
        knowledge_id: KnowledgeId,
        page: PageRequest,
        wanted: DocumentFilterRequest,
    ) -> Page[DocumentView]:
        """The documents of a Knowledge that were not deleted."""
        parameters = dict(_parameters(tenant_id, knowledge_id, wanted))
        names = frozenset(parameters)
        async with self._reads(tenant_id) as connection:
            of = {"tenant_id": tenant_id, "knowledge_id": knowledge_id}
            if await connection.scalar(_KNOWLEDGE, of) is None:
                raise KnowledgeNotFound
            counted = await connection.execute(_count(names), parameters)
            listed = await connection.execute(
                _page(page.sort, names),
                {**parameters, "rows": page.limit, "skipped": page.offset},
            )
            total, rows = counted.scalar_one(), listed.all()
            figures = await _figures(connection, tenant_id, [row.id for row in rows])
        return Page(
            items=[_view(row, figures) for row in rows],
            total=total,
            page=page.page,
            limit=page.limit,
        )

    async def get_document(self, tenant_id: TenantId, document_id: DocumentId) -> DocumentView:
        """One document."""
        async with self._reads(tenant_id) as connection:
            result = await connection.execute(
                select(*_VIEW).where(
                    DocumentRow.tenant_id == tenant_id,
                    DocumentRow.id == document_id,
                    DocumentRow.deleted_at.is_(None),
                    # A deleted Knowledge takes its documents out of sight, long before they go.
                    exists().where(
                        KnowledgeRow.tenant_id == DocumentRow.tenant_id,
                        KnowledgeRow.id == DocumentRow.knowledge_id,
                        KnowledgeRow.deleted_at.is_(None),
                    ),
                )
            )
            row = result.one_or_none()
            if row is None:
                raise DocumentNotFound
            figures = await _figures(connection, tenant_id, [row.id])
        return _view(row, figures)


async def _figures(
    connection: AsyncConnection, tenant_id: TenantId, document_ids: Sequence[UUID]
) -> Mapping[UUID, _Figures]:
    found = await connection.execute(
        _FIGURES, {"tenant_id": tenant_id, "document_ids": document_ids}
    )
    return {
        row.document_id: _Figures(segments=row.segments, indexed=row.indexed, hits=int(row.hits))
        for row in found
    }


def _parameters(
    tenant_id: TenantId, knowledge_id: KnowledgeId, wanted: DocumentFilterRequest
) -> Iterator[tuple[str, object]]:
    yield "tenant_id", tenant_id
    yield "knowledge_id", knowledge_id
    if wanted.status is not None:
        yield "status", wanted.status.value
    if wanted.is_enabled is not None:
        yield "is_enabled", wanted.is_enabled
    if wanted.q:
        yield "part", wanted.q.casefold()


def _conditions(names: frozenset[str]) -> Sequence[ColumnElement[bool]]:
    conditions: dict[str, ColumnElement[bool]] = {
        "tenant_id": DocumentRow.tenant_id == bindparam("tenant_id"),
        "knowledge_id": DocumentRow.knowledge_id == bindparam("knowledge_id"),
        "status": DocumentRow.status == bindparam("status"),
        "is_enabled": DocumentRow.is_enabled == bindparam("is_enabled"),
        "part": func.strpos(DocumentRow.name_folded, bindparam("part")) > 0,
    }
    return [
        DocumentRow.deleted_at.is_(None),
        *(condition for name, condition in conditions.items() if name in names),
    ]


@lru_cache(maxsize=64)
def _count(names: frozenset[str]) -> Select[int]:
    return select(func.count()).select_from(DocumentRow).where(*_conditions(names))


@lru_cache(maxsize=256)
def _page(sort: tuple[SortField, ...], names: frozenset[str]) -> Select[*tuple[Any, ...]]:
    order = [
        _SORTABLE[key.name].desc() if key.descending else _SORTABLE[key.name].asc() for key in sort
    ]
    newest_last = bool(sort) and not sort[-1].descending
    return (
        select(*_VIEW)
        .where(*_conditions(names))
        .order_by(*order, DocumentRow.id.asc() if newest_last else DocumentRow.id.desc())
        .limit(bindparam("rows"))
        .offset(bindparam("skipped"))
    )


def _view(row: Row[*tuple[Any, ...]], figures: Mapping[UUID, _Figures]) -> DocumentView:
    known = figures.get(row.id, _Figures())
    return DocumentView(
        id=DocumentId(row.id),
        knowledge_id=KnowledgeId(row.knowledge_id),
        name=row.name,
        content=content_of(row),
        status=DocumentStatus(row.status),
        # Segments that were added or removed by hand count as well.
        progress=replace(progress_of(row), segments=known.segments, indexed=known.indexed),
        failure=failure_of(row),
        is_enabled=row.is_enabled,
        metadata=metadata_to_domain(row.facts),
        task_id=None if row.task_id is None else TaskId(row.task_id),
        hits=known.hits,
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
        indexed_at=row.indexed_at,
    )
