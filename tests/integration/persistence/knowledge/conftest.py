"""A Knowledge of the tenant, and documents in it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.knowledge.index_ports import VectorIndex
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.metadata import MetadataValue
from dify_hex.domain.shared.ids import DocumentId, SegmentId, TenantId
from tests.conformance.vector_index import VectorIndexStage

Begin = Callable[[], SqlUnitOfWork]

_ADD_DOCUMENT = text("""
INSERT INTO documents (
    id, tenant_id, knowledge_id, name, name_folded, file_id, origin, media_type, size, sha256,
    is_duplicate, status, round, is_enabled, metadata, stage, percent, characters, segments,
    indexed_segments, version)
VALUES (:id, :tenant_id, :knowledge_id, 'a', 'a', :id, 'text', 'text/plain', 1, 'x',
        true, 'completed', 1, :is_enabled, CAST(:metadata AS jsonb), 'index', 100, 1, 1, 1, 1)
""")
_ADD_SEGMENTS = text("""
INSERT INTO segments (id, tenant_id, knowledge_id, document_id, position, content, content_hash,
                      occurrence, tokens)
SELECT id, :tenant_id, :knowledge_id, :document_id, 1, 'a', '', 0, 1
FROM unnest(CAST(:ids AS uuid[])) AS given(id)
ON CONFLICT (id) DO NOTHING
""")
_DISABLE = text("UPDATE documents SET is_enabled = false WHERE id = :id")


@pytest.fixture
def begin(engine: AsyncEngine, tenant_id: TenantId) -> Begin:
    """Units of work of the tenant."""
    return lambda: SqlUnitOfWork(engine, tenant_id)


class SqlStage(VectorIndexStage):
    """A Knowledge with documents as rows."""

    def __init__(self, begin: Begin, tenant_id: TenantId) -> None:
        super().__init__()
        self.begin = begin
        self._tenant_id = tenant_id

    async def document(
        self, metadata: Mapping[str, MetadataValue] | None = None, *, is_enabled: bool = True
    ) -> DocumentId:
        """A new document of the Knowledge."""
        document_id = DocumentId(new_id())
        async with self.begin() as work:
            await work._scope.session.execute(
                _ADD_DOCUMENT,
                {
                    "id": document_id,
                    "tenant_id": self._tenant_id,
                    "knowledge_id": self.knowledge_id,
                    "is_enabled": is_enabled,
                    "metadata": orjson.dumps(dict(metadata or {})).decode(),
                },
            )
            await work.commit()
        return document_id

    async def segments(self, document_id: DocumentId, number: int) -> list[SegmentId]:
        """New segments of the document."""
        ids = [SegmentId(new_id()) for _ in range(number)]
        await self.keep_segments(document_id, ids)
        return ids

    async def keep_segments(self, document_id: DocumentId, ids: Sequence[SegmentId]) -> None:
        """Segments with these ids, unless they are there already."""
        async with self.begin() as work:
            await work._scope.session.execute(
                _ADD_SEGMENTS,
                {
                    "ids": list(ids),
                    "tenant_id": self._tenant_id,
                    "knowledge_id": self.knowledge_id,
                    "document_id": document_id,
                },
            )
            await work.commit()

    async def disable(self, document_id: DocumentId) -> None:
        """Let searches not find the document."""
        async with self.begin() as work:
            await work._scope.session.execute(_DISABLE, {"id": document_id})
            await work.commit()

    @asynccontextmanager
    async def index(self) -> AsyncIterator[VectorIndex]:
        """The index in a unit of work of its own."""
        async with self.begin() as work:
            yield work.vectors
            await work.commit()


@pytest.fixture
def stage(begin: Begin, tenant_id: TenantId) -> SqlStage:
    """An empty Knowledge."""
    return SqlStage(begin, tenant_id)
