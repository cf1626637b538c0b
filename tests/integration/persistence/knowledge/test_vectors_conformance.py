"""Vectors in pgvector keep the promises of every vector index."""

import pytest

from dify_hex.application.knowledge.index_ports import VectorEntry
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.shared.ids import SegmentId
from tests.conformance.vector_index import VectorIndexConformance, at_angle
from tests.integration.persistence.knowledge.conftest import SqlStage

pytestmark = pytest.mark.pgvector


class TestSqlVectorIndex(VectorIndexConformance):
    """With the fixture `stage` of this folder."""


async def test_segments_that_are_not_there_come_into_no_index(stage: SqlStage) -> None:
    document_id = await stage.document()
    [there] = await stage.put(document_id, at_angle(10))
    gone = VectorEntry(segment_id=SegmentId(new_id()), document_id=document_id, vector=at_angle(0))
    async with stage.index() as index:
        await index.put(stage.knowledge_id, [gone])
    assert await stage.found(at_angle(0)) == [there]
