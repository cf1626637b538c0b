"""The second stage: cleaning a document's text, and cutting it into segments."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from dify_hex.application.knowledge.indexing.extracted_text import ExtractedText, TextSummary
from dify_hex.application.knowledge.indexing.indexing_round import IndexingRound
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.indexing import IndexingStage
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.knowledge.segmentation.segmenter import Segmenter
from dify_hex.domain.knowledge.segmentation.unit import Measure

#: Segments of one transaction.
BATCH = 200


class Segment:
    """Keeps the segments of this round, and drops those that only older rounds have had.

    A segment with the same content as one of an older round is that one: it keeps its id, and its
    place in the index. Memory is that of one part of the text and of one batch.
    """

    def __init__(self, *, measure: Measure) -> None:
        self._measure = measure

    async def run(self, round: IndexingRound, text: ExtractedText, summary: TextSummary) -> None:
        """Cut it.

        Raises:
            KnowledgeNotFound: it was deleted meanwhile.
            Unavailable: the storage or the database is away.
        """
        segmenter = Segmenter(round.segmentation, self._measure)
        waiting: list[SegmentDraft] = []
        parts = kept = 0
        async for blocks in text.read(summary):
            # Counting tokens keeps a processor busy for most of a second.
            waiting += await asyncio.to_thread(_fed, segmenter, blocks)
            while len(waiting) >= BATCH:
                batch, waiting = waiting[:BATCH], waiting[BATCH:]
                kept = await self._keep(round, batch, kept)
            parts += 1
            round.progress = round.progress.with_share(parts / summary.parts)
        waiting += await asyncio.to_thread(_finished, segmenter)
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            kept = await self._keep(round, batch, kept)
        await self._end(round)

    async def _keep(self, round: IndexingRound, batch: Sequence[SegmentDraft], kept: int) -> int:
        kept += len(batch)
        round.progress = replace(round.progress, segments=kept)
        async with round.step() as work:
            await work.knowledge.hold(round.document.knowledge_id)
            await work.segments.reconcile(round.document.id, round.number, batch)
        await round.tell()
        return kept

    @staticmethod
    async def _end(round: IndexingRound) -> None:
        """What only older rounds have had goes, and whoever goes on later begins after this."""
        round.progress = round.progress.entering(IndexingStage.EMBED)
        async with round.step() as work:
            await work.knowledge.hold(round.document.knowledge_id)
            await work.segments.drop_older(round.document.id, round.number)


def _fed(segmenter: Segmenter, blocks: Sequence[Block]) -> list[SegmentDraft]:
    return list(segmenter.feed(blocks))


def _finished(segmenter: Segmenter) -> list[SegmentDraft]:
    return list(segmenter.finish())
