"""The vector index in memory keeps the promises of every other."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from dify_hex.application.knowledge.index_ports import VectorIndex
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.metadata import MetadataValue
from dify_hex.domain.shared.ids import DocumentId
from tests.conformance.vector_index import VectorIndexConformance, VectorIndexStage
from tests.fakes.memory_vector_index import KnownDocument, MemoryVectorIndex


class MemoryStage(VectorIndexStage):
    def __init__(self) -> None:
        super().__init__()
        self._index = MemoryVectorIndex()

    async def document(
        self, metadata: Mapping[str, MetadataValue] | None = None, *, is_enabled: bool = True
    ) -> DocumentId:
        document_id = DocumentId(new_id())
        self._index.documents[document_id] = KnownDocument(is_enabled, metadata or {})
        return document_id

    async def disable(self, document_id: DocumentId) -> None:
        self._index.documents[document_id].is_enabled = False

    @asynccontextmanager
    async def index(self) -> AsyncIterator[VectorIndex]:
        yield self._index


class TestMemoryVectorIndex(VectorIndexConformance):
    @pytest.fixture
    def stage(self) -> VectorIndexStage:
        return MemoryStage()
