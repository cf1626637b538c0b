"""Looking at the segments of documents, straight from SQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from dify_hex.adapters.persistence.knowledge.rows import DocumentRow
from dify_hex.adapters.persistence.knowledge.segment_rows import TOP_LEVEL, SegmentRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.knowledge.segment_views import (
    ChildView,
    SegmentFilter,
    SegmentsReader,
    SegmentView,
)
from dify_hex.domain.knowledge.errors import DocumentNotFound
from dify_hex.domain.knowledge.segment_errors import SegmentNotFound
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest

_VIEW = (
    SegmentRow.id,
    SegmentRow.knowledge_id,
    SegmentRow.document_id,
    SegmentRow.parent_id,
    SegmentRow.has_children,
    SegmentRow.position,
    SegmentRow.content,
    SegmentRow.tokens,
    SegmentRow.first_page,
    SegmentRow.last_page,
    SegmentRow.headings,
    SegmentRow.is_enabled,
    SegmentRow.is_edited,
    SegmentRow.round,
    SegmentRow.indexed_at,
    SegmentRow.hit_count,
    SegmentRow.version,
    SegmentRow.created_at,
    SegmentRow.updated_at,
)
_SORTABLE = {"position": SegmentRow.position}

_Children = Mapping[UUID, Sequence[ChildView]]


class SqlSegmentsReader(SegmentsReader):
    """Looks at a tenant's segments."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_segments(
        self,
        tenant_id: TenantId,
        document_id: DocumentId,
        page: PageRequest,
        wanted: SegmentFilter,
    ) -> Page[SegmentView]:
        """The segments of a document with their children."""
        conditions = _conditions(tenant_id, document_id, wanted)
        descends = any(field.descending for field in page.sort if field.name in _SORTABLE)
        keys = (SegmentRow.position, SegmentRow.id)
        order = [key.desc() for key in keys] if descends else [*keys]
        async with self._reads(tenant_id) as connection:
            await _require_document(connection, tenant_id, document_id)
            total = await connection.scalar(
                select(func.count()).select_from(SegmentRow).where(*conditions)
            )
            found = await connection.execute(
                select(*_VIEW)
                .where(*conditions)
                .order_by(*order)
                .limit(page.limit)
                .offset(page.offset)
            )
            rows = found.all()
            children = await _children(connection, tenant_id, rows)
        return Page(
            items=[_view(row, children) for row in rows],
            total=total or 0,
            page=page.page,
            limit=page.limit,
        )

    async def get_segment(self, tenant_id: TenantId, segment_id: SegmentId) -> SegmentView:
        """One segment with its children; a child by itself."""
        async with self._reads(tenant_id) as connection:
            found = await connection.execute(
                select(*_VIEW)
                .join(DocumentRow, DocumentRow.id == SegmentRow.document_id)
                .where(
                    SegmentRow.tenant_id == tenant_id,
                    SegmentRow.id == segment_id,
                    DocumentRow.tenant_id == tenant_id,
                    DocumentRow.deleted_at.is_(None),
                )
            )
            row = found.one_or_none()
            if row is None:
                raise SegmentNotFound
            children = await _children(connection, tenant_id, [row])
        return _view(row, children)


async def _require_document(
    connection: AsyncConnection, tenant_id: TenantId, document_id: DocumentId
) -> None:
    found = await connection.scalar(
        select(DocumentRow.id).where(
            DocumentRow.tenant_id == tenant_id,
            DocumentRow.id == document_id,
            DocumentRow.deleted_at.is_(None),
        )
    )
    if found is None:
        raise DocumentNotFound


async def _children(
    connection: AsyncConnection, tenant_id: TenantId, rows: Sequence[Row[*tuple[Any, ...]]]
) -> _Children:
    parents = [row.id for row in rows if row.has_children]
    children: dict[UUID, list[ChildView]] = defaultdict(list)
    if not parents:
        return children
    found = await connection.execute(
        select(*_VIEW)
        .where(SegmentRow.tenant_id == tenant_id, SegmentRow.parent_id.in_(parents))
        .order_by(SegmentRow.parent_id, SegmentRow.position, SegmentRow.id)
    )
    for row in found:
        children[row.parent_id].append(
            ChildView(
                id=SegmentId(row.id),
                position=row.position,
                content=row.content,
                tokens=row.tokens,
                hit_count=row.hit_count,
                is_indexed=row.indexed_at is not None,
            )
        )
    return children


def _conditions(
    tenant_id: TenantId, document_id: DocumentId, wanted: SegmentFilter
) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        SegmentRow.tenant_id == tenant_id,
        SegmentRow.document_id == document_id,
        # As text, so that the planner knows it for the condition of the index.
        text(TOP_LEVEL),  # type: ignore[list-item] # a condition like the others
    ]
    if wanted.is_enabled is not None:
        conditions.append(SegmentRow.is_enabled.is_(wanted.is_enabled))
    if wanted.q:
        conditions.append(func.strpos(func.lower(SegmentRow.content), wanted.q.lower()) > 0)
    return conditions


def _view(row: Row[*tuple[Any, ...]], children: _Children) -> SegmentView:
    own = children.get(row.id, ())
    return SegmentView(
        id=SegmentId(row.id),
        knowledge_id=KnowledgeId(row.knowledge_id),
        document_id=DocumentId(row.document_id),
        parent_id=None if row.parent_id is None else SegmentId(row.parent_id),
        position=row.position,
        content=row.content,
        tokens=row.tokens,
        first_page=row.first_page,
        last_page=row.last_page,
        headings=tuple(row.headings),
        is_enabled=row.is_enabled,
        is_edited=row.is_edited,
        is_added=row.parent_id is None and row.round is None,
        is_indexed=(
            all(child.is_indexed for child in own)
            if row.has_children
            else row.indexed_at is not None
        ),
        hit_count=row.hit_count,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        children=own,
    )
