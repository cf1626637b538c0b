"""Finding vectors: through the graph or one by one, whichever is cheaper, in one statement."""

from collections.abc import Sequence
from math import isnan

import asyncpg

from dify_hex.adapters.persistence.knowledge import vector_schema
from dify_hex.adapters.persistence.knowledge.document_filter import DocumentsSql, documents_sql
from dify_hex.adapters.persistence.knowledge.named_parameters import fetch
from dify_hex.adapters.persistence.transactions import Settings
from dify_hex.application.knowledge.index_ports import FoundSegment, VectorQuery
from dify_hex.domain.shared.ids import SegmentId, TenantId

#: Candidates that the graph keeps in sight; more find better and slower. With 100,000 vectors of
#: 512 numbers, 100 find 0.968 of the ten nearest, 140 find 0.985 and 160 find 0.987.
SEARCH_WIDTH = 140
#: Widths that the server allows.
MAX_SEARCH_WIDTH = 1000
#: Vectors that a search through the graph may look at when a filter passes over many.
MAX_SCANNED = 40_000
#: Comparing `m` vectors one by one costs as much as a search of the graph with `n` vectors, of
#: which every `n / m`-th counts, where m² = n · this. Measured with 512 dimensions.
EXACT_UP_TO = 500
#: So few are always compared one by one.
LEAST_GRAPH = 2000

_OF_KNOWLEDGE = "tenant_id = :tenant_id AND knowledge_id = :knowledge_id"


def search_settings(query: VectorQuery) -> Settings:
    """What the server has to be told before it plans the search.

    A plan for any Knowledge would be none for this one, and sorting everything must not look
    cheaper than the graph: where nothing but sorting is left, it is done all the same. Reading
    every row of a table looks cheap as long as the server does not know how many have come.
    """
    width = min(max(SEARCH_WIDTH, 2 * query.limit), MAX_SEARCH_WIDTH)
    return {
        "hnsw.iterative_scan": "relaxed_order",
        "hnsw.ef_search": str(width),
        "hnsw.max_scan_tuples": str(MAX_SCANNED),
        "plan_cache_mode": "force_custom_plan",
        "enable_sort": "off",
        "enable_seqscan": "off",
    }


async def search_vectors(
    connection: asyncpg.Connection, tenant_id: TenantId, query: VectorQuery
) -> Sequence[FoundSegment]:
    """The most alike first; the connection is in a transaction with the settings of the search."""
    documents = documents_sql(query.filter)
    if query.limit < 1 or not any(query.vector):
        return []
    dimensions = len(query.vector)
    bucket = vector_schema.bucket_of(dimensions)
    found = await fetch(
        connection,
        search_statement(documents, bucket),
        {
            **documents.parameters,
            "tenant_id": tenant_id,
            "knowledge_id": query.knowledge_id,
            "vector": (*query.vector, *(0.0,) * (bucket - dimensions)),
            "dimensions": dimensions,
            "limit": query.limit,
        },
    )
    segments = [
        FoundSegment(segment_id=SegmentId(segment_id), score=_likeness(distance))
        for segment_id, distance in found
        if not isnan(distance)
    ]
    # A graph that goes on searching brings a few out of their order.
    return sorted(segments, key=lambda segment: -segment.score)


def search_statement(documents: DocumentsSql, bucket: int) -> str:
    """Finds the nearest of those that count, by the cheaper of both ways.

    What each way costs is looked up first. Only one of them is then begun: the other's condition
    does not depend on any row.
    """
    if bucket not in vector_schema.BUCKETS:
        return _exact(documents, "true")
    return f"""
    WITH sizes AS MATERIALIZED (
        SELECT CAST(coalesce(sum(vectors), 0) AS float8) AS of_knowledge, (
            SELECT reltuples FROM pg_class WHERE oid = (
                SELECT tableoid FROM segment_vectors WHERE {_OF_KNOWLEDGE}
                ORDER BY knowledge_id, segment_id LIMIT 1
            )
        ) AS of_graph
        FROM index_totals WHERE {_OF_KNOWLEDGE}
    ), bounds AS MATERIALIZED (
        SELECT of_knowledge, CAST(greatest(
            {LEAST_GRAPH}, sqrt({EXACT_UP_TO} * greatest(of_knowledge, of_graph))
        ) AS bigint) AS bound
        FROM sizes
    ), cheaper AS MATERIALIZED (
        SELECT CASE WHEN of_knowledge <= bound THEN false ELSE {_counting(documents)} > bound END
            AS is_graph
        FROM bounds
    )
    SELECT segment_id, distance FROM (
        {_graph(documents, bucket, "(SELECT is_graph FROM cheaper)")}
    ) AS near
    UNION ALL
    SELECT segment_id, distance FROM (
        {_exact(documents, "NOT (SELECT is_graph FROM cheaper)")}
    ) AS nearest
    """  # noqa: S608 - constants, a number, and conditions without any value in them


def _counting(documents: DocumentsSql) -> str:
    """How many vectors count, as far as it matters."""
    if documents.is_exclusion:
        return "of_knowledge"
    return f"""(
        SELECT count(*) FROM (
            SELECT FROM segment_vectors WHERE {_OF_KNOWLEDGE} AND {documents.index_condition}
            LIMIT (SELECT bound + 1 FROM bounds)
        ) AS counted
    )"""  # noqa: S608 - constants, and conditions without any value in them


def _graph(documents: DocumentsSql, bucket: int, condition: str) -> str:
    """Goes along the graph of one length until enough is found that counts."""
    kind = f"halfvec({bucket})"
    return f"""
    SELECT segment_id,
           embedding::{kind} <=> CAST(:vector AS real[])::{kind} AS distance
    FROM segment_vectors
    WHERE {condition} AND {_OF_KNOWLEDGE} AND bucket = {bucket} AND is_enabled
      AND dimensions = :dimensions AND {documents.condition}
    ORDER BY embedding::{kind} <=> CAST(:vector AS real[])::{kind} LIMIT :limit
    """  # noqa: S608 - constants, a number, and conditions without any value in them


def _exact(documents: DocumentsSql, condition: str) -> str:
    """Compares every vector that counts."""
    # Without the cast that the graphs were made with, none of them can be meant.
    return f"""
    SELECT segment_id, embedding <=> CAST(:vector AS real[])::halfvec AS distance
    FROM segment_vectors
    WHERE {condition} AND {_OF_KNOWLEDGE} AND is_enabled AND dimensions = :dimensions
      AND {documents.index_condition}
    ORDER BY distance LIMIT :limit
    """  # noqa: S608 - constants, and conditions without any value in them


def _likeness(distance: float) -> float:
    """A cosine as a score; what points the other way is as good as unlike."""
    return min(max(1.0 - distance, 0.0), 1.0)
