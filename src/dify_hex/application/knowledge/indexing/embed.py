"""The last stage: turning segments into vectors and terms, and putting both into the index."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from dify_hex.application.knowledge.index_ports import (
    KeywordEntry,
    UnindexedSegment,
    VectorEntry,
)
from dify_hex.application.knowledge.indexing.indexing_round import IndexingRound
from dify_hex.application.knowledge.ports import Embeddings, TextAnalyser, Vector
from dify_hex.domain.knowledge.indexing import IndexingProgress
from dify_hex.domain.knowledge.segment_errors import (
    KnowledgeVectorsUnavailable,
    VectorDimensionMismatch,
)
from dify_hex.domain.shared.ids import SegmentId
from dify_hex.domain.shared.values.model_config import ModelConfig

EntryT = TypeVar("EntryT", VectorEntry, KeywordEntry)

#: Segments of one transaction, and of one request to the model.
BATCH = 64
#: Segments that are asked for at once.
PAGE = 4 * BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A batch with its vectors, by which model, and its terms."""

    model: ModelConfig
    segments: Sequence[UnindexedSegment]
    vectors: Sequence[VectorEntry]
    keywords: Sequence[KeywordEntry]


class Embed:
    """Puts what is not in the index yet into it, batch by batch.

    A batch comes into both indexes, and is marked, in one transaction; so whoever goes on later
    begins with what is missing. The vectors that were paid for are remembered before that. While a
    batch is stored, the next one is with the model. What somebody has edited, removed or indexed
    meanwhile is left out; if it says something else now, it comes with a later batch.
    """

    def __init__(self, *, embeddings: Embeddings, analyser: TextAnalyser) -> None:
        self._embeddings = embeddings
        self._analyser = analyser

    async def run(self, round: IndexingRound) -> None:
        """Index all of it.

        Raises:
            DomainError: as `Embeddings.embed`, `VectorIndex.put` and the database do.
        """
        await self._count(round)
        while page := await self._next(round):
            await self._index(round, page)
        await self._count(round)
        await round.report()

    async def _next(self, round: IndexingRound) -> Sequence[UnindexedSegment]:
        async with round.begin(round.document.tenant_id) as work:
            return await work.segments.unindexed(round.document.id, limit=PAGE)

    async def _count(self, round: IndexingRound) -> None:
        async with round.begin(round.document.tenant_id) as work:
            total, indexed = await work.segments.count(round.document.id)
        round.progress = _counted(round.progress, total, indexed)

    async def _index(self, round: IndexingRound, page: Sequence[UnindexedSegment]) -> None:
        async with round.begin(round.document.tenant_id) as work:
            knowledge = await work.knowledge.get(round.document.knowledge_id)
        model = knowledge.state.settings.embedding
        storing: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(page), BATCH):
                prepared = await self._prepare(round, page[start : start + BATCH], model)
                if storing is not None:
                    await storing
                storing = asyncio.create_task(self._store(round, prepared))
            if storing is not None:
                await storing
        except BaseException:
            if storing is not None:
                # What is on its way into the index gets there, or undoes itself.
                await asyncio.gather(storing, return_exceptions=True)
            raise

    async def _prepare(
        self, round: IndexingRound, batch: Sequence[UnindexedSegment], model: ModelConfig
    ) -> _Prepared:
        texts = [segment.text for segment in batch]
        embedded, terms = await asyncio.gather(
            self._embeddings.embed(round.document.tenant_id, model, texts),
            self._analyser.terms(texts),
        )
        return _Prepared(
            model=model,
            segments=batch,
            vectors=_vectors(batch, embedded.vectors),
            keywords=_keywords(batch, terms),
        )

    async def _store(self, round: IndexingRound, prepared: _Prepared) -> None:
        try:
            await self._put(round, prepared)
        except VectorDimensionMismatch:
            # A server that has answered wrongly once must not be believed for ever.
            texts = [segment.text for segment in prepared.segments]
            await self._embeddings.forget(round.document.tenant_id, prepared.model, texts)
            raise
        await round.tell()

    @staticmethod
    async def _put(round: IndexingRound, prepared: _Prepared) -> None:
        knowledge_id = round.document.knowledge_id
        before = round.progress
        done = before.indexed + len(prepared.vectors)
        round.progress = _counted(before, before.segments, done)
        async with round.step() as work:
            knowledge = await work.knowledge.hold(knowledge_id)
            if knowledge.state.settings.embedding != prepared.model:
                # Another model has taken over meanwhile: these vectors fit into no index.
                round.progress = before
                return
            wanted = await work.segments.still_unindexed(prepared.segments)
            with suppress(KnowledgeVectorsUnavailable):
                # Words are found all the same; whoever makes room for vectors has all of it redone.
                await work.vectors.put(knowledge_id, _only(wanted, prepared.vectors))
            await work.keywords.put(knowledge_id, _only(wanted, prepared.keywords))
            await work.segments.mark_indexed([*wanted])
        round.progress = _counted(before, before.segments, before.indexed + len(wanted))


def _only(wanted: Collection[SegmentId], entries: Sequence[EntryT]) -> Sequence[EntryT]:
    return [entry for entry in entries if entry.segment_id in wanted]


def _counted(progress: IndexingProgress, total: int, indexed: int) -> IndexingProgress:
    share = indexed / total if total else 1.0
    return replace(progress.with_share(share), segments=total, indexed=indexed)


def _vectors(batch: Sequence[UnindexedSegment], vectors: Sequence[Vector]) -> Sequence[VectorEntry]:
    return [
        VectorEntry(segment_id=segment.id, document_id=segment.document_id, vector=vector)
        for segment, vector in zip(batch, vectors, strict=True)
    ]


def _keywords(
    batch: Sequence[UnindexedSegment], terms: Sequence[Sequence[str]]
) -> Sequence[KeywordEntry]:
    return [
        KeywordEntry(segment_id=segment.id, document_id=segment.document_id, terms=found)
        for segment, found in zip(batch, terms, strict=True)
    ]
