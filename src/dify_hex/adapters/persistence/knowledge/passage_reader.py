"""Looking up what a search has found, straight from SQL."""

from collections.abc import Sequence

import asyncpg
import orjson

from dify_hex.adapters.persistence.errors import translating
from dify_hex.application.knowledge.retrieval_ports import FoundPassage, SegmentReader
from dify_hex.domain.shared.ids import DocumentId, SegmentId, TenantId

#: A child that was found gives its parent. The function names its tenant for as long as the
#: statement lasts: every retrieval asks.
_PASSAGES = "SELECT * FROM found_passages($1, $2)"


class SqlSegmentReader(SegmentReader):
    """Looks at a tenant's segments with their documents."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def passages(
        self, tenant_id: TenantId, segment_ids: Sequence[SegmentId]
    ) -> Sequence[FoundPassage]:
        """What is given for the segments, in any order."""
        with translating():
            rows = await self._pool.fetch(_PASSAGES, tenant_id, list(segment_ids))
        return [_passage(row) for row in rows]


def _passage(row: asyncpg.Record) -> FoundPassage:
    return FoundPassage(
        found_id=SegmentId(row["found_id"]),
        matched=row["matched"],
        segment_id=SegmentId(row["segment_id"]),
        document_id=DocumentId(row["document_id"]),
        document_name=row["document_name"],
        position=row["segment_position"],
        content=row["content"],
        first_page=row["first_page"],
        last_page=row["last_page"],
        headings=tuple(row["headings"]),
        tokens=row["tokens"],
        hit_count=row["hit_count"],
        content_hash=row["content_hash"].hex(),
        metadata=orjson.loads(row["metadata"]),
    )
