"""Segments found by meaning: vectors in pgvector, in the transaction of the unit of work."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from dify_hex.adapters.persistence.knowledge import vector_schema
from dify_hex.adapters.persistence.knowledge.totals import Change, count_changes
from dify_hex.adapters.persistence.knowledge.vector_search import search_settings, search_vectors
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.adapters.persistence.transactions import driver_connection, settings_statement
from dify_hex.application.knowledge.index_ports import (
    FoundSegment,
    VectorEntry,
    VectorIndex,
    VectorQuery,
)
from dify_hex.domain.knowledge.segment_errors import (
    KnowledgeVectorsUnavailable,
    VectorDimensionMismatch,
    VectorTooLong,
)
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId

#: What a halfvec can hold.
MAX_DIMENSIONS = 16_000
#: Vectors that one statement removes of a whole Knowledge.
_AT_ONCE = 5_000

_TABLE_EXISTS = text(vector_schema.TABLE_EXISTS)

_DIMENSIONS = text("""
SELECT dimensions FROM segment_vectors
WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id LIMIT 1
""")
_REMOVE = text("""
DELETE FROM segment_vectors
WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id
  AND segment_id = ANY(CAST(:segment_ids AS uuid[]))
RETURNING document_id
""")
_REMOVE_DOCUMENT = text("""
DELETE FROM segment_vectors
WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id AND document_id = :document_id
""")
_REMOVE_SOME_OF_KNOWLEDGE = text("""
DELETE FROM segment_vectors
WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id AND segment_id = ANY(ARRAY(
    SELECT segment_id FROM segment_vectors
    WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id LIMIT :most
))
""")
_FORGET_TOTALS = text("""
UPDATE index_totals SET vectors = 0 WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id
""")
_ENABLE = text("""
UPDATE segment_vectors SET is_enabled = :enabled
WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id
  AND segment_id = ANY(CAST(:segment_ids AS uuid[]))
""")
#: What is not there, or not any more, comes into no index.
_ADD = text("""
INSERT INTO segment_vectors (tenant_id, knowledge_id, document_id, segment_id, is_enabled,
                             dimensions, bucket, embedding)
SELECT :tenant_id, :knowledge_id, entry.document_id, entry.segment_id, segment.is_enabled,
       :dimensions, CAST(:bucket AS int),
       (CAST(:numbers AS real[]))[entry.start : entry.start + CAST(:bucket AS int) - 1]::halfvec
FROM unnest(CAST(:document_ids AS uuid[]), CAST(:segment_ids AS uuid[]), CAST(:starts AS int[]))
     AS entry(document_id, segment_id, start)
CROSS JOIN LATERAL (
    SELECT is_enabled FROM segments
    WHERE tenant_id = :tenant_id AND id = entry.segment_id OFFSET 0
) AS segment
RETURNING document_id
""")


class SqlVectorIndex(VectorIndex):
    """The vectors of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope
        self._session = scope.session
        self._is_there = False

    async def put(self, knowledge_id: KnowledgeId, entries: Sequence[VectorEntry]) -> None:
        """Keep the vectors, in place of what was there for their segments."""
        kept = {entry.segment_id: entry for entry in entries}
        if not kept:
            return
        await self._require_table()
        dimensions = await self._checked_dimensions(knowledge_id, [*kept.values()])
        bucket = vector_schema.bucket_of(dimensions)
        await self.remove(knowledge_id, list(kept))
        filling = (0.0,) * (bucket - dimensions)
        added = await self._run(
            _ADD,
            knowledge_id,
            document_ids=[entry.document_id for entry in kept.values()],
            segment_ids=list(kept),
            starts=[place * bucket + 1 for place in range(len(kept))],
            dimensions=dimensions,
            bucket=bucket,
            numbers=[number for entry in kept.values() for number in (*entry.vector, *filling)],
        )
        await self._count(knowledge_id, Counter(added.scalars()))

    async def remove(self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId]) -> None:
        """Forget the vectors of the segments."""
        if not segment_ids or not await self._has_table():
            return
        removed = await self._run(_REMOVE, knowledge_id, segment_ids=list(segment_ids))
        counts = Counter({key: -n for key, n in Counter(removed.scalars()).items()})
        await self._count(knowledge_id, counts)

    async def remove_document(self, knowledge_id: KnowledgeId, document_id: DocumentId) -> None:
        """Forget the vectors of all segments of the document."""
        if await self._has_table():
            removed = await self._run(_REMOVE_DOCUMENT, knowledge_id, document_id=document_id)
            await self._count(knowledge_id, Counter({document_id: -removed.rowcount}))

    async def remove_knowledge(self, knowledge_id: KnowledgeId) -> None:
        """Forget everything of the Knowledge."""
        if not await self._has_table():
            return
        while (
            await self._run(_REMOVE_SOME_OF_KNOWLEDGE, knowledge_id, most=_AT_ONCE)
        ).rowcount == _AT_ONCE:
            pass  # no statement may take longer than the connection waits for one
        await self._run(_FORGET_TOTALS, knowledge_id)

    async def set_enabled(
        self, knowledge_id: KnowledgeId, segment_ids: Sequence[SegmentId], enabled: bool
    ) -> None:
        """Whether searches find the segments."""
        if segment_ids and await self._has_table():
            await self._run(_ENABLE, knowledge_id, segment_ids=list(segment_ids), enabled=enabled)

    async def search(self, query: VectorQuery) -> Sequence[FoundSegment]:
        """The most alike first, with what the transaction has changed so far."""
        await self._require_table()
        driver = await driver_connection(self._session)
        await driver.execute(settings_statement(search_settings(query)))
        return await search_vectors(driver, self._scope.tenant_id, query)

    async def _checked_dimensions(
        self, knowledge_id: KnowledgeId, entries: Sequence[VectorEntry]
    ) -> int:
        lengths = {len(entry.vector) for entry in entries}
        known = (await self._run(_DIMENSIONS, knowledge_id)).scalar()
        if known is not None:
            lengths.add(known)
        if len(lengths) > 1:
            raise VectorDimensionMismatch(expected=known, lengths=[*sorted(lengths)])
        dimensions = lengths.pop()
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise VectorTooLong(dimensions=dimensions, most=MAX_DIMENSIONS)
        return dimensions

    async def _count(self, knowledge_id: KnowledgeId, vectors: Counter[Any]) -> None:
        changes = [Change(document_id=key, vectors=number) for key, number in vectors.items()]
        await count_changes(self._session, self._scope.tenant_id, knowledge_id, changes)

    async def _has_table(self) -> bool:
        if not self._is_there:
            self._is_there = bool(await self._session.scalar(_TABLE_EXISTS))
        return self._is_there

    async def _require_table(self) -> None:
        if not await self._has_table():
            raise KnowledgeVectorsUnavailable(dependency="database")

    async def _run(self, statement: Any, knowledge_id: KnowledgeId, **parameters: object) -> Any:
        return await self._session.execute(
            statement,
            {"tenant_id": self._scope.tenant_id, "knowledge_id": knowledge_id, **parameters},
        )
