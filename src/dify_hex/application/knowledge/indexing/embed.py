"""The last stage: turning segments into vectors and terms, and putting both into the index."""

from collections.abc import Sequence
from dataclasses import replace

from dify_hex.application.knowledge.index_ports import (
    KeywordEntry,
    UnindexedSegment,
    VectorEntry,
)
from dify_hex.application.knowledge.indexing.indexing_round import IndexingRound
from dify_hex.application.knowledge.ports import Embeddings, TextAnalyser, Vector
from dify_hex.domain.knowledge.indexing import IndexingProgress

#: Segments of one transaction, and of one request to the model.
BATCH = 64


class Embed:
    """Puts what is not in the index yet into it, batch by batch.

    A batch comes into both indexes, and is marked, in one transaction; so whoever goes on later
    begins with what is missing. The vectors that were paid for are remembered before that.
    """

    def __init__(self, *, embeddings: Embeddings, analyser: TextAnalyser) -> None:
        self._embeddings = embeddings
        self._analyser = analyser

    async def run(self, round: IndexingRound) -> None:
        """Index all of it.

        Raises:
            DomainError: as `Embeddings.embed`, `VectorIndex.put` and the database do.
        """
        while batch := await self._next(round):
            await self._index(round, batch)
        await self._count(round)
        await round.report()

    async def _next(self, round: IndexingRound) -> Sequence[UnindexedSegment]:
        if round.progress.indexed == 0:
            await self._count(round)
        async with round.begin(round.document.tenant_id) as work:
            return await work.segments.unindexed(round.document.id, limit=BATCH)

    async def _count(self, round: IndexingRound) -> None:
        async with round.begin(round.document.tenant_id) as work:
            total, indexed = await work.segments.count(round.document.id)
        round.progress = _counted(round.progress, total, indexed)

    async def _index(self, round: IndexingRound, batch: Sequence[UnindexedSegment]) -> None:
        tenant_id, knowledge_id = round.document.tenant_id, round.document.knowledge_id
        async with round.begin(tenant_id) as work:
            model = (await work.knowledge.get(knowledge_id)).state.settings.embedding
        texts = [segment.text for segment in batch]
        terms = await self._analyser.terms(texts)
        embedded = await self._embeddings.embed(tenant_id, model, texts)
        before = round.progress
        round.progress = _counted(before, before.segments, before.indexed + len(batch))
        async with round.step() as work:
            knowledge = await work.knowledge.hold(knowledge_id)
            if knowledge.state.settings.embedding != model:
                # Another model has taken over meanwhile: these vectors fit into no index.
                round.progress = before
                return
            await work.vectors.put(knowledge_id, _vectors(batch, embedded.vectors))
            await work.keywords.put(knowledge_id, _keywords(batch, terms))
            await work.segments.mark_indexed([segment.id for segment in batch])
        await round.tell()


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
