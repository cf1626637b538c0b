"""Single segments in one unit of work."""

from sqlalchemy import select

from dify_hex.adapters.persistence.knowledge.rows import DocumentRow, KnowledgeRow
from dify_hex.adapters.persistence.knowledge.segment_rows import SegmentRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.knowledge.segment_errors import SegmentNotFound
from dify_hex.domain.knowledge.segment_repository import SegmentRepository
from dify_hex.domain.knowledge.stored_segment import Segment, SegmentState
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId


class SqlSegmentRepository(SegmentRepository):
    """The segments of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, segment_id: SegmentId) -> Segment:
        """The segment, if its document is there."""
        row = await self._scope.session.scalar(
            select(SegmentRow)
            .join(DocumentRow, DocumentRow.id == SegmentRow.document_id)
            .where(
                SegmentRow.tenant_id == self._scope.tenant_id,
                SegmentRow.id == segment_id,
                DocumentRow.tenant_id == self._scope.tenant_id,
                DocumentRow.deleted_at.is_(None),
            )
        )
        if row is None:
            raise SegmentNotFound
        return self._scope.tracker.load(row, to_domain, write)

    async def hold(self, segment_id: SegmentId) -> Segment:
        """The segment; its document is held before its Knowledge, and both before it is read."""
        tenant_id, session = self._scope.tenant_id, self._scope.session
        knowledge_id = await session.scalar(
            select(DocumentRow.knowledge_id)
            .join(SegmentRow, SegmentRow.document_id == DocumentRow.id)
            .where(
                SegmentRow.tenant_id == tenant_id,
                SegmentRow.id == segment_id,
                DocumentRow.tenant_id == tenant_id,
                DocumentRow.deleted_at.is_(None),
            )
            .with_for_update(of=DocumentRow)
        )
        held = await session.scalar(
            select(KnowledgeRow.id)
            .where(
                KnowledgeRow.tenant_id == tenant_id,
                KnowledgeRow.id == knowledge_id,
                KnowledgeRow.deleted_at.is_(None),
            )
            .with_for_update(read=True)
        )
        if held is None:
            raise SegmentNotFound
        return await self.get(segment_id)

    async def add(self, segment: Segment) -> None:
        """Keep a new one, which no round of its document knows of; the indexes find it there."""
        state = segment.state
        row = SegmentRow(
            id=segment.id,
            knowledge_id=segment.knowledge_id,
            document_id=segment.document_id,
            content_hash=state.source_hash,
            occurrence=0,
            round=None,
            indexed_at=state.created_at,
            created_at=state.created_at,
        )
        write(segment, row)
        self._scope.tracker.add(segment, row, write)
        await self._scope.session.flush()


def to_domain(row: SegmentRow) -> Segment:
    """The segment of a row."""
    return Segment(
        id=SegmentId(row.id),
        tenant_id=TenantId(row.tenant_id),
        knowledge_id=KnowledgeId(row.knowledge_id),
        document_id=DocumentId(row.document_id),
        version=row.version,
        state=SegmentState(
            position=row.position,
            content=row.content,
            source_hash=row.content_hash,
            tokens=row.tokens,
            headings=tuple(row.headings),
            parent_id=None if row.parent_id is None else SegmentId(row.parent_id),
            has_children=row.has_children,
            is_enabled=row.is_enabled,
            is_edited=row.is_edited,
            created_at=row.created_at,
            updated_at=row.updated_at,
        ),
    )


def write(segment: Segment, row: SegmentRow) -> None:
    """Copy to the row what owners change; the rest is the business of indexing."""
    state = segment.state
    row.tenant_id = segment.tenant_id
    row.position = state.position
    row.content = state.content
    row.tokens = state.tokens
    row.is_enabled = state.is_enabled
    row.is_edited = state.is_edited
    row.updated_at = state.updated_at
    row.version = segment.version
