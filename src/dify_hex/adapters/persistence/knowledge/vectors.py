"""Segments found by meaning: vectors in pgvector, in the transaction of the unit of work."""

from collections import Counter
from collections.abc import Sequence
from math import isnan, sqrt
from typing import Any

from sqlalchemy import text

from dify_hex.adapters.persistence.knowledge import vector_schema
from dify_hex.adapters.persistence.knowledge.document_filter import DocumentsSql, documents_sql
from dify_hex.adapters.persistence.knowledge.totals import Change, count_changes
from dify_hex.adapters.persistence.scope import WorkScope
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
#: Candidates that the graph keeps in sight; more find better and slower.
SEARCH_WIDTH = 160
#: Widths that the server allows.
MAX_SEARCH_WIDTH = 1000
#: Vectors that a search through the graph may look at when a filter passes over many.
MAX_SCANNED = 40_000
#: Comparing `m` vectors one by one costs as much as a search of the graph with `n` vectors, of
#: which every `n / m`-th counts, where m² = n · this. Measured with 512 dimensions.
EXACT_UP_TO = 500
#: So few are always compared one by one.
LEAST_GRAPH = 2000

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
_ADD = text("""
INSERT INTO segment_vectors (tenant_id, knowledge_id, document_id, segment_id, is_enabled,
                             dimensions, bucket, embedding)
SELECT :tenant_id, :knowledge_id, entry.document_id, entry.segment_id,
       coalesce((SELECT segment.is_enabled FROM segments AS segment
                 WHERE segment.tenant_id = :tenant_id AND segment.id = entry.segment_id), true),
       :dimensions, CAST(:bucket AS int),
       (CAST(:numbers AS real[]))[entry.start : entry.start + CAST(:bucket AS int) - 1]::halfvec
FROM unnest(CAST(:document_ids AS uuid[]), CAST(:segment_ids AS uuid[]), CAST(:starts AS int[]))
     AS entry(document_id, segment_id, start)
""")

#: A plan for any Knowledge would be none for this one, and sorting everything must not look cheaper
#: than the graph: where nothing but sorting is left, it is done all the same. All of these settings
#: end with the transaction.
_PREPARE = text("""
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true),
       set_config('hnsw.ef_search', CAST(:width AS text), true),
       set_config('hnsw.max_scan_tuples', CAST(:scanned AS text), true),
       set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('enable_sort', 'off', true),
       (SELECT coalesce(sum(vectors), 0) FROM index_totals
        WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id) AS of_knowledge,
       (SELECT reltuples FROM pg_class
        WHERE oid = (SELECT tableoid FROM segment_vectors
                     WHERE tenant_id = :tenant_id AND knowledge_id = :knowledge_id LIMIT 1)
       ) AS of_graph
""")
_OF_KNOWLEDGE = "tenant_id = :tenant_id AND knowledge_id = :knowledge_id"


def exact_statement(documents: DocumentsSql) -> str:
    """Compares every vector that counts."""
    # Without the cast that the graphs were made with, none of them can be meant.
    return f"""
    SELECT segment_id, embedding <=> CAST(:vector AS real[])::halfvec AS distance
    FROM segment_vectors
    WHERE {_OF_KNOWLEDGE} AND is_enabled AND dimensions = :dimensions
      AND {documents.index_condition}
    ORDER BY distance LIMIT :limit
    """  # noqa: S608 - constants, and conditions without any value in them


def graph_statement(documents: DocumentsSql, bucket: int) -> str:
    """Goes along the graph of one length until enough is found that counts."""
    kind = f"halfvec({bucket})"
    return f"""
    SELECT segment_id,
           embedding::{kind} <=> CAST(:vector AS real[])::{kind} AS distance
    FROM segment_vectors
    WHERE {_OF_KNOWLEDGE} AND bucket = {bucket} AND is_enabled AND dimensions = :dimensions
      AND {documents.condition}
    ORDER BY embedding::{kind} <=> CAST(:vector AS real[])::{kind} LIMIT :limit
    """  # noqa: S608 - constants, a number, and conditions without any value in them


def count_statement(documents: DocumentsSql) -> str:
    """How many vectors count, up to a bound."""
    return f"""
    SELECT count(*) FROM (
        SELECT FROM segment_vectors WHERE {_OF_KNOWLEDGE} AND {documents.index_condition}
        LIMIT :bound
    ) AS counted
    """  # noqa: S608 - constants, and conditions without any value in them


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
        await self._run(
            _ADD,
            knowledge_id,
            document_ids=[entry.document_id for entry in kept.values()],
            segment_ids=list(kept),
            starts=[place * bucket + 1 for place in range(len(kept))],
            dimensions=dimensions,
            bucket=bucket,
            numbers=[number for entry in kept.values() for number in (*entry.vector, *filling)],
        )
        counts = Counter(entry.document_id for entry in kept.values())
        await self._count(knowledge_id, counts)

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
        """The most alike first, through the graph or one by one, whichever is cheaper."""
        await self._require_table()
        if query.limit < 1 or not sqrt(sum(number * number for number in query.vector)):
            return []
        documents = documents_sql(query.filter)
        dimensions = len(query.vector)
        bucket = vector_schema.bucket_of(dimensions)
        if bucket in vector_schema.BUCKETS and await self._graph_is_cheaper(query, documents):
            statement = graph_statement(documents, bucket)
        else:
            statement = exact_statement(documents)
        found = await self._run(
            text(statement),
            query.knowledge_id,
            **documents.parameters,
            vector=[*query.vector, *[0.0] * (bucket - dimensions)],
            dimensions=dimensions,
            limit=query.limit,
        )
        segments = [
            FoundSegment(segment_id=SegmentId(row.segment_id), score=_likeness(row.distance))
            for row in found
            if not isnan(row.distance)
        ]
        # A graph that goes on searching brings a few out of their order.
        return sorted(segments, key=lambda segment: -segment.score)

    async def _graph_is_cheaper(self, query: VectorQuery, documents: DocumentsSql) -> bool:
        width = min(max(SEARCH_WIDTH, 2 * query.limit), MAX_SEARCH_WIDTH)
        sizes = (
            await self._run(
                _PREPARE, query.knowledge_id, width=str(width), scanned=str(MAX_SCANNED)
            )
        ).one()
        counting = int(sizes.of_knowledge)
        if counting <= LEAST_GRAPH:
            return False
        bound = max(LEAST_GRAPH, int(sqrt(EXACT_UP_TO * max(counting, sizes.of_graph or 0))))
        if not documents.is_exclusion:
            counted = await self._run(
                text(count_statement(documents)),
                query.knowledge_id,
                **documents.parameters,
                bound=bound + 1,
            )
            counting = counted.scalar_one()
        return counting > bound

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


def _likeness(distance: float) -> float:
    """A cosine as a score; what points the other way is as good as unlike."""
    return min(max(1.0 - distance, 0.0), 1.0)
