"""Finds the candidates of a retrieval: every list of every Knowledge, side by side."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dify_hex.application.knowledge.index_ports import (
    DocumentFilter,
    FoundSegment,
    KeywordQuery,
    VectorQuery,
)
from dify_hex.application.knowledge.ports import QueryEmbeddings, TextAnalyser, Vector
from dify_hex.application.knowledge.retrieval_ports import CandidateSearch, SearchableKnowledge
from dify_hex.application.knowledge.retrieved import RetrievalFailure
from dify_hex.domain.knowledge.retrieval.errors import RetrievalTimedOut
from dify_hex.domain.knowledge.retrieval.fusion import CandidateList, Hit
from dify_hex.domain.knowledge.retrieval.plan import (
    KnowledgeToSearch,
    RetrievalPlan,
    SearchPart,
)
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import KnowledgeId, TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig

#: Seconds that one list may take, the embedding of the question included.
SEARCH_TIMEOUT = 30.0
#: Searches of one retrieval that are under way at a time.
MAX_PARALLEL = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is searched for by one retrieval."""

    tenant_id: TenantId
    query: str
    plan: RetrievalPlan
    knowledge: Mapping[KnowledgeId, SearchableKnowledge]
    filter: DocumentFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The lists that were found, what failed, and the seconds that parts took, by name."""

    lists: Sequence[CandidateList]
    failures: Sequence[RetrievalFailure]
    seconds: Mapping[str, float]


class KnowledgeSearches:
    """Asks the indexes side by side.

    The question is embedded once for each model and analysed once; nobody waits for what is not
    needed. A list that fails or takes too long is missing, and the others are there.
    """

    def __init__(
        self,
        *,
        candidates: CandidateSearch,
        embeddings: QueryEmbeddings,
        analyser: TextAnalyser,
        timeout: float = SEARCH_TIMEOUT,
    ) -> None:
        self._candidates = candidates
        self._embeddings = embeddings
        self._analyser = analyser
        self._timeout = timeout

    async def find(self, search: Search) -> Found:
        """The candidate lists of all Knowledge."""
        running = _Running(search, self._candidates, self._embeddings, self._analyser)
        wanted = [(each, part) for each in search.plan.knowledge for part in each.parts]
        try:
            found = await asyncio.gather(
                *(self._one(running, knowledge, part) for knowledge, part in wanted)
            )
        finally:
            running.cancel()
        return Found(
            lists=[each for each in found if isinstance(each, CandidateList)],
            failures=[each for each in found if isinstance(each, RetrievalFailure)],
            seconds=running.seconds,
        )

    async def _one(
        self, running: "_Running", knowledge: KnowledgeToSearch, part: SearchPart
    ) -> CandidateList | RetrievalFailure:
        try:
            async with asyncio.timeout(self._timeout):
                hits = await running.hits(knowledge, part)
        except TimeoutError:
            error: DomainError = RetrievalTimedOut(seconds=self._timeout)
        except DomainError as failed:
            error = failed
        else:
            return CandidateList(
                knowledge_id=knowledge.knowledge_id,
                part=part,
                hits=[Hit(hit.segment_id, hit.score) for hit in hits],
            )
        return RetrievalFailure(error=error, knowledge_id=knowledge.knowledge_id, part=part)


class _Running:
    """One retrieval's searches, with what they share."""

    def __init__(
        self,
        search: Search,
        candidates: CandidateSearch,
        embeddings: QueryEmbeddings,
        analyser: TextAnalyser,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._search = search
        self._candidates = candidates
        self._embeddings = embeddings
        self._analyser = analyser
        self._places = asyncio.Semaphore(MAX_PARALLEL)
        self._vectors: dict[ModelConfig, asyncio.Task[Vector]] = {}
        self._terms: asyncio.Task[Sequence[str]] | None = None

    async def hits(self, knowledge: KnowledgeToSearch, part: SearchPart) -> Sequence[FoundSegment]:
        """What one list holds."""
        if part is SearchPart.SEMANTIC:
            vector = await self._vector(self._search.knowledge[knowledge.knowledge_id].embedding)
            return await self._by_meaning(knowledge.knowledge_id, vector)
        return await self._by_words(knowledge.knowledge_id, await self._query_terms())

    def cancel(self) -> None:
        """Let nothing go on that nobody waits for any more."""
        for task in (*self._vectors.values(), self._terms):
            if task is not None:
                task.cancel()

    async def _by_meaning(
        self, knowledge_id: KnowledgeId, vector: Vector
    ) -> Sequence[FoundSegment]:
        query = VectorQuery(
            knowledge_id=knowledge_id,
            vector=vector,
            limit=self._search.plan.depth,
            filter=self._search.filter,
        )
        async with self._places:
            began = _now()
            found = await self._candidates.by_meaning(self._search.tenant_id, query)
            self._took("search_semantic", began)
        return found

    async def _by_words(
        self, knowledge_id: KnowledgeId, terms: Sequence[str]
    ) -> Sequence[FoundSegment]:
        if not terms:
            return ()
        query = KeywordQuery(
            knowledge_id=knowledge_id,
            terms=terms,
            limit=self._search.plan.depth,
            filter=self._search.filter,
        )
        async with self._places:
            began = _now()
            found = await self._candidates.by_words(self._search.tenant_id, query)
            self._took("search_full_text", began)
        return found

    async def _vector(self, model: ModelConfig) -> Vector:
        task = self._vectors.get(model)
        if task is None:
            task = self._vectors[model] = asyncio.create_task(self._embed(model))
        # Who is out of time leaves alone; the others may still get their vector.
        return await asyncio.shield(task)

    async def _embed(self, model: ModelConfig) -> Vector:
        began = _now()
        vector = await self._embeddings.embed_query(
            self._search.tenant_id, model, self._search.query
        )
        self._took("embed", began)
        return vector

    async def _query_terms(self) -> Sequence[str]:
        if self._terms is None:
            self._terms = asyncio.create_task(self._analyse())
        return await asyncio.shield(self._terms)

    async def _analyse(self) -> Sequence[str]:
        began = _now()
        (terms,) = await self._analyser.terms([self._search.query])
        self._took("analyse", began)
        return terms

    def _took(self, name: str, began: float) -> None:
        """Of what is done several times side by side, the longest counts."""
        self.seconds[name] = max(self.seconds.get(name, 0.0), _now() - began)


def _now() -> float:
    return asyncio.get_running_loop().time()
