"""Looking up what a search has found, straight from SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.knowledge.retrieval_ports import FoundPassage, SegmentReader
from dify_hex.domain.shared.ids import DocumentId, SegmentId, TenantId

#: A child that was found gives its parent.
_PASSAGES = text("""
SELECT found.id AS found_id, found.content AS matched, given.id, given.document_id, given.position,
       given.content, given.first_page, given.last_page, given.headings, given.tokens,
       given.hit_count, given.content_hash, document.name AS document_name,
       document.metadata AS facts
FROM segments AS found
JOIN segments AS given
  ON given.id = coalesce(found.parent_id, found.id) AND given.tenant_id = :tenant_id
 AND given.is_enabled
JOIN documents AS document
  ON document.id = given.document_id AND document.tenant_id = :tenant_id
 AND document.is_enabled AND document.deleted_at IS NULL
JOIN knowledge
  ON knowledge.id = given.knowledge_id AND knowledge.tenant_id = :tenant_id
 AND knowledge.deleted_at IS NULL
WHERE found.tenant_id = :tenant_id AND found.id = ANY(CAST(:segment_ids AS uuid[]))
  AND found.is_enabled
""")


class SqlSegmentReader(SegmentReader):
    """Looks at a tenant's segments with their documents."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def passages(
        self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]
    ) -> Sequence[FoundPassage]:
        """What is given for the segments, in any order."""
        parameters = {"tenant_id": tenant_id, "segment_ids": list(segment_ids)}
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(_PASSAGES, parameters)).all()
        return [_passage(row) for row in rows]


def _passage(row: Row[*tuple[Any, ...]]) -> FoundPassage:
    return FoundPassage(
        found_id=SegmentId(row.found_id),
        matched=row.matched,
        segment_id=SegmentId(row.id),
        document_id=DocumentId(row.document_id),
        document_name=row.document_name,
        position=row.position,
        content=row.content,
        first_page=row.first_page,
        last_page=row.last_page,
        headings=tuple(row.headings),
        tokens=row.tokens,
        hit_count=row.hit_count,
        content_hash=row.content_hash.hex(),
        metadata=row.facts,
    )
