"""Retrieves passages of one or several Knowledge for a question."""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence

from dify_hex.application.knowledge.knowledge_searches import KnowledgeSearches, Search
from dify_hex.application.knowledge.ports import Reranker
from dify_hex.application.knowledge.retrieval_ports import (
    FoundPassage,
    KnowledgeCatalogue,
    SearchableKnowledge,
    SegmentHits,
    SegmentReader,
)
from dify_hex.application.knowledge.retrieved import (
    RetrievalFailure,
    RetrievalRequest,
    RetrievalStages,
    Retrieved,
    RetrievedPassage,
)
from dify_hex.domain.knowledge.errors import KnowledgeNotFound
from dify_hex.domain.knowledge.retrieval.citing import PassageSource, cite
from dify_hex.domain.knowledge.retrieval.pipeline import (
    Fused,
    Passage,
    Rated,
    begin_retrieval,
)
from dify_hex.domain.knowledge.retrieval.plan import (
    KnowledgeToSearch,
    RetrievalPlan,
    plan_retrieval,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import KnowledgeId, SegmentId, TenantId

#: Characters of a question that are searched for; nothing is gained by more.
MAX_QUERY_LENGTH = 4_000


class SegmentRetrieval:
    """The stages of a retrieval with all that they need of the outside.

    - What fails is left out and told, as long as something is left: a Knowledge that cannot be
      searched, one list of a hybrid search, the reranker (then the order of the search stands).
      When nothing of what there is could be searched, the first error is raised.
    - A Knowledge that is gone is never an error, but told like a failure: whoever names it may
      have been written when it was still there.
    - A question that is blank finds nothing; of a long one the beginning is searched for.
    - Whatever is given has been counted as a hit.
    """

    def __init__(
        self,
        *,
        catalogue: KnowledgeCatalogue,
        searches: KnowledgeSearches,
        segments: SegmentReader,
        reranker: Reranker,
        hits: SegmentHits,
    ) -> None:
        self._catalogue = catalogue
        self._searches = searches
        self._segments = segments
        self._reranker = reranker
        self._hits = hits

    async def describe(
        self, tenant_id: TenantId, ids: Collection[KnowledgeId]
    ) -> Mapping[KnowledgeId, SearchableKnowledge]:
        """Those of the Knowledge that there are; the others are left out."""
        return await self._catalogue.find(tenant_id, ids)

    async def retrieve(self, tenant_id: TenantId, request: RetrievalRequest) -> Retrieved:
        """The passages, with what failed and how each stage went.

        Raises:
            DomainError: nothing of what there is could be searched; what failed first.
        """
        began = _now()
        wanted = [source.knowledge_id for source in request.sources]
        known = await self._catalogue.find(tenant_id, wanted)
        plan = plan_retrieval(_to_search(request, known), request.overrides)
        missing = _missing(request, known)
        query = request.query.strip()[:MAX_QUERY_LENGTH]
        if not query:
            return _nothing(plan, missing)
        search = Search(
            tenant_id=tenant_id, query=query, plan=plan, knowledge=known, filter=request.filter
        )
        found = await self._searches.find(search)
        failed = tuple(_told(found.failures, plan))
        if failed and not found.lists:
            raise failed[0].error
        failures = (*missing, *failed)
        fused = begin_retrieval(plan, found.lists)
        seconds = dict(found.seconds)
        rated, texts, failure = await self._rerank(search, fused, seconds)
        selected = rated.select()
        kept = [each.segment_id for each in selected.kept]
        stored = await self._stored(tenant_id, kept, texts, seconds)
        passages = selected.collapse({key: each.segment_id for key, each in stored.items()})
        given = _given(passages, stored, known)
        self._hits.note(tenant_id, [each.citation.segment_id for each in given])
        stages = RetrievalStages(
            plan=plan,
            lists=found.lists,
            fused=fused.candidates,
            rated=rated.candidates,
            above_threshold=selected.above_threshold,
            kept=selected.kept,
            seconds={**seconds, "total": _now() - began},
        )
        failures = failures if failure is None else (*failures, failure)
        return Retrieved(passages=given, failures=failures, stages=stages)

    async def _rerank(
        self, search: Search, fused: Fused, seconds: dict[str, float]
    ) -> tuple[Rated, Mapping[SegmentId, FoundPassage], RetrievalFailure | None]:
        model, to_read = fused.plan.rerank, fused.to_rerank
        if model is None or not to_read:
            return fused.as_found(), {}, None
        tenant_id, wanted = search.tenant_id, [each.segment_id for each in to_read]
        texts = await self._stored(tenant_id, wanted, {}, seconds)
        read = [each.segment_id for each in to_read if each.segment_id in texts]
        began = _now()
        try:
            ranked = await self._reranker.rerank(
                tenant_id, model, search.query, [texts[segment_id].matched for segment_id in read]
            )
        except DomainError as error:
            return fused.as_found(), texts, RetrievalFailure(error=error)
        seconds["rerank"] = _now() - began
        scores = {read[each.index]: each.score for each in ranked}
        return fused.reranked(scores), texts, None

    async def _stored(
        self,
        tenant_id: TenantId,
        segment_ids: Sequence[SegmentId],
        known: Mapping[SegmentId, FoundPassage],
        seconds: dict[str, float],
    ) -> Mapping[SegmentId, FoundPassage]:
        unknown = [segment_id for segment_id in segment_ids if segment_id not in known]
        if not unknown:
            return known
        began = _now()
        found = await self._segments.passages(tenant_id, unknown)
        seconds["read"] = seconds.get("read", 0.0) + _now() - began
        return {**known, **{each.found_id: each for each in found}}


def _to_search(
    request: RetrievalRequest, known: Mapping[KnowledgeId, SearchableKnowledge]
) -> list[KnowledgeToSearch]:
    return [
        KnowledgeToSearch(
            knowledge_id=source.knowledge_id,
            settings=known[source.knowledge_id].retrieval,
            vector_space=_space(known[source.knowledge_id]),
            weight=source.weight,
        )
        for source in request.sources
        if source.knowledge_id in known
    ]


def _space(knowledge: SearchableKnowledge) -> str:
    return f"{knowledge.embedding.provider}/{knowledge.embedding.model}"


def _missing(
    request: RetrievalRequest, known: Mapping[KnowledgeId, SearchableKnowledge]
) -> tuple[RetrievalFailure, ...]:
    missing = [each.knowledge_id for each in request.sources if each.knowledge_id not in known]
    return tuple(
        RetrievalFailure(error=KnowledgeNotFound(), knowledge_id=knowledge_id)
        for knowledge_id in missing
    )


def _told(failures: Sequence[RetrievalFailure], plan: RetrievalPlan) -> Iterator[RetrievalFailure]:
    """A Knowledge of which every list failed is told once."""
    for knowledge in plan.knowledge:
        its_own = [each for each in failures if each.knowledge_id == knowledge.knowledge_id]
        if len(its_own) == len(knowledge.parts):
            yield RetrievalFailure(error=its_own[0].error, knowledge_id=knowledge.knowledge_id)
        else:
            yield from its_own


def _given(
    passages: Sequence[Passage],
    stored: Mapping[SegmentId, FoundPassage],
    known: Mapping[KnowledgeId, SearchableKnowledge],
) -> tuple[RetrievedPassage, ...]:
    found = [tuple(stored[each.segment_id] for each in passage.found) for passage in passages]
    sources = {
        passage.segment_id: _source(passage, found_of[0], known)
        for passage, found_of in zip(passages, found, strict=True)
    }
    return tuple(
        RetrievedPassage(citation=citation, passage=passage, found=found_of)
        for citation, passage, found_of in zip(
            cite(passages, sources), passages, found, strict=True
        )
    )


def _source(
    passage: Passage, stored: FoundPassage, known: Mapping[KnowledgeId, SearchableKnowledge]
) -> PassageSource:
    return PassageSource(
        segment_id=stored.segment_id,
        knowledge_id=passage.knowledge_id,
        knowledge_name=known[passage.knowledge_id].name,
        document_id=stored.document_id,
        document_name=stored.document_name,
        position=stored.position,
        content=stored.content,
        first_page=stored.first_page,
        last_page=stored.last_page,
        headings=stored.headings,
    )


def _nothing(plan: RetrievalPlan, failures: tuple[RetrievalFailure, ...]) -> Retrieved:
    stages = RetrievalStages(
        plan=plan, lists=(), fused=(), rated=(), above_threshold=(), kept=(), seconds={}
    )
    return Retrieved(passages=(), failures=failures, stages=stages)


def _now() -> float:
    return asyncio.get_running_loop().time()
