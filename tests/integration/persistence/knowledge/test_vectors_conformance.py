"""Vectors in pgvector keep the promises of every vector index."""

from tests.conformance.vector_index import VectorIndexConformance


class TestSqlVectorIndex(VectorIndexConformance):
    """With the fixture `stage` of this folder."""
