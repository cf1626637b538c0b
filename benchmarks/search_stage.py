"""A Knowledge on a server of its own, filled and searched at the ports."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.search_data import Terms
from dify_hex.adapters.persistence.engine import PoolSettings, make_engine, make_pool
from dify_hex.adapters.persistence.knowledge.candidate_search import SqlCandidateSearch
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.knowledge.index_ports import (
    DocumentFilter,
    FoundSegment,
    KeywordEntry,
    KeywordQuery,
    VectorEntry,
    VectorQuery,
)
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.knowledge.document import Document, DocumentContent, DocumentOrigin
from dify_hex.domain.knowledge.metadata import MetadataField, MetadataType
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.shared.ids import (
    DocumentId,
    FileId,
    KnowledgeId,
    SegmentId,
    TaskId,
    TenantId,
)

#: Segments of one transaction, as when a document is indexed.
BATCH = 64
LIMIT = 10
_PART = MetadataField(name="part", type=MetadataType.NUMBER)
_SETTINGS = PoolSettings(application_name="benchmark", size=4, command_timeout=600)
_NO_FILTER = DocumentFilter()


@dataclass(slots=True)
class SearchStage:
    """One tenant's Knowledge; `segments` are in the order in which they were put in."""

    engine: AsyncEngine
    candidates: SqlCandidateSearch
    tenant_id: TenantId = field(default_factory=lambda: TenantId(new_id()))
    knowledge_id: KnowledgeId = field(default_factory=lambda: KnowledgeId(new_id()))
    documents: list[DocumentId] = field(default_factory=list)
    segments: list[SegmentId] = field(default_factory=list)

    def begin(self) -> SqlUnitOfWork:
        """A unit of work of the tenant."""
        return SqlUnitOfWork(self.engine, self.tenant_id)

    async def add_documents(self, number: int, of_segments: int) -> None:
        """Add documents with segments."""
        async with self.begin() as work:
            for part in range(number):
                document = _document(self.tenant_id, self.knowledge_id, part)
                work.documents.add(document)
                self.documents.append(document.id)
            await work.commit()
        for document_id in self.documents:
            self.segments += await self._add_segments(document_id, of_segments)

    async def _add_segments(self, document_id: DocumentId, number: int) -> list[SegmentId]:
        """Segments of a document that are not in the indexes yet."""
        drafts = [
            SegmentDraft(
                position=place,
                content=f"Segment {place}",
                content_hash=str(place).encode(),
                occurrence=0,
                tokens=2,
            )
            for place in range(1, number + 1)
        ]
        async with self.begin() as work:
            await work.segments.reconcile(document_id, 1, drafts)
            waiting = await work.segments.unindexed(document_id, limit=number)
            await work.commit()
        return [segment.id for segment in waiting]

    def document_of(self, place: int) -> DocumentId:
        """The document of a segment."""
        return self.documents[place * len(self.documents) // len(self.segments)]

    async def put_words(self, segments: Sequence[Terms]) -> float:
        """Put the terms of all segments in; the seconds it took."""
        began = time.perf_counter()
        for start in range(0, len(segments), BATCH):
            entries = [
                KeywordEntry(
                    segment_id=self.segments[place],
                    document_id=self.document_of(place),
                    terms=segments[place],
                )
                for place in range(start, min(start + BATCH, len(segments)))
            ]
            async with self.begin() as work:
                await work.keywords.put(self.knowledge_id, entries)
                await work.commit()
        return time.perf_counter() - began

    async def put_vectors(self, vectors: np.ndarray) -> float:
        """Put all vectors in, (n, d); the seconds it took."""
        began = time.perf_counter()
        for start in range(0, len(vectors), BATCH):
            batch = vectors[start : start + BATCH].astype(float).tolist()
            entries = [
                VectorEntry(
                    segment_id=self.segments[place],
                    document_id=self.document_of(place),
                    vector=tuple(vector),
                )
                for place, vector in enumerate(batch, start)
            ]
            async with self.begin() as work:
                await work.vectors.put(self.knowledge_id, entries)
                await work.commit()
        return time.perf_counter() - began

    async def by_words(
        self, terms: Terms, wanted: DocumentFilter = _NO_FILTER, limit: int = LIMIT
    ) -> Sequence[FoundSegment]:
        """What a search by words finds."""
        query = KeywordQuery(
            knowledge_id=self.knowledge_id, terms=terms, limit=limit, filter=wanted
        )
        return await self.candidates.by_words(self.tenant_id, query)

    async def by_meaning(
        self, vector: Sequence[float], wanted: DocumentFilter = _NO_FILTER, limit: int = LIMIT
    ) -> Sequence[FoundSegment]:
        """What a search by meaning finds."""
        query = VectorQuery(
            knowledge_id=self.knowledge_id, vector=tuple(vector), limit=limit, filter=wanted
        )
        return await self.candidates.by_meaning(self.tenant_id, query)

    async def by_both(self, terms: Terms, vector: Sequence[float]) -> None:
        """Both at once, each on a connection of its own, as a retrieval does."""
        await asyncio.gather(self.by_words(terms), self.by_meaning(vector))

    async def sizes(self) -> dict[str, float]:
        """Megabytes on disk of each table with its indexes."""
        sql = """
        SELECT relname, coalesce(
            (SELECT sum(pg_total_relation_size(leaf.relid)) FROM pg_partition_tree(oid) AS leaf),
            pg_total_relation_size(oid)
        ) / 1048576.0
        FROM pg_class
        WHERE relname IN ('segment_vectors', 'keyword_postings', 'keyword_entries')
        """
        async with self.engine.connect() as connection:
            found = await connection.execute(text(sql))
        return {name: float(size) for name, size in found}


@asynccontextmanager
async def stage_on(url: str) -> AsyncIterator[SearchStage]:
    """An empty Knowledge on the server."""
    engine = make_engine(url, _SETTINGS)
    try:
        async with make_pool(url, _SETTINGS) as pool:
            yield SearchStage(engine, SqlCandidateSearch(pool))
    finally:
        await engine.dispose()


def _document(tenant_id: TenantId, knowledge_id: KnowledgeId, part: int) -> Document:
    now = datetime.now(UTC)
    document = Document.add(
        id=DocumentId(new_id()),
        tenant_id=tenant_id,
        knowledge_id=knowledge_id,
        name=f"document {part}",
        content=DocumentContent(
            file_id=FileId(new_id()),
            origin=DocumentOrigin.TEXT,
            media_type="text/plain",
            size=1,
            sha256=str(part),
        ),
        is_duplicate=True,
        task_id=TaskId(new_id()),
        now=now,
        by=None,
    )
    document.describe([_PART], metadata={"part": part}, now=now, by=None)
    document.pull_events()
    return document
