"""Vectors in pgvector keep the promises of every vector index."""

import pytest

from tests.conformance.vector_index import VectorIndexConformance

pytestmark = pytest.mark.pgvector


class TestSqlVectorIndex(VectorIndexConformance):
    """With the fixture `stage` of this folder."""
