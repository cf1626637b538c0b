"""Puts what somebody wrote by hand into the indexes, in the transaction that keeps it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from dify_hex.application.knowledge.index_ports import KeywordEntry, VectorEntry
from dify_hex.application.knowledge.ports import Embeddings, TextAnalyser, Vector
from dify_hex.application.knowledge.segment_work import SegmentWork
from dify_hex.domain.knowledge.segment import searched_text
from dify_hex.domain.knowledge.segment_errors import KnowledgeVectorsUnavailable
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import DocumentId, KnowledgeId, SegmentId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTexts:
    """Texts with all that the indexes keep of them, and the model their vectors are of."""

    model: ModelConfig
    vectors: Sequence[Vector]
    terms: Sequence[Sequence[str]]


class SegmentIndexing:
    """Embeds and analyses before a transaction is opened, and stores inside of it."""

    def __init__(self, *, embeddings: Embeddings, analyser: TextAnalyser) -> None:
        self._embeddings = embeddings
        self._analyser = analyser

    async def prepare(
        self,
        tenant_id: TenantId,
        model: ModelConfig,
        contents: Sequence[str],
        headings: Sequence[str] = (),
    ) -> PreparedTexts:
        """What the indexes keep of contents that stand under the headings.

        Raises:
            DomainError: those of a model call.
        """
        texts = [searched_text(headings, content) for content in contents]
        terms = await self._analyser.terms(texts)
        embedded = await self._embeddings.embed(tenant_id, model, texts)
        return PreparedTexts(model=model, vectors=embedded.vectors, terms=terms)

    async def store(
        self,
        work: SegmentWork,
        knowledge_id: KnowledgeId,
        document_id: DocumentId,
        segment_ids: Sequence[SegmentId],
        prepared: PreparedTexts,
    ) -> None:
        """Put the texts into the indexes under the ids, in their order.

        Raises:
            StaleVersion: the Knowledge is embedded by another model by now.
        """
        knowledge = await work.knowledge.hold(knowledge_id)
        if knowledge.state.settings.embedding != prepared.model:
            raise StaleVersion
        vectors = [
            VectorEntry(segment_id=segment_id, document_id=document_id, vector=vector)
            for segment_id, vector in zip(segment_ids, prepared.vectors, strict=True)
        ]
        keywords = [
            KeywordEntry(segment_id=segment_id, document_id=document_id, terms=terms)
            for segment_id, terms in zip(segment_ids, prepared.terms, strict=True)
        ]
        with suppress(KnowledgeVectorsUnavailable):
            # Words are found all the same; whoever makes room for vectors has all of it redone.
            await work.vectors.put(knowledge_id, vectors)
        await work.keywords.put(knowledge_id, keywords)
        await work.segments.mark_indexed(segment_ids)
