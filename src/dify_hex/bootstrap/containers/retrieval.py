"""How passages are found: the searches, what ranks them, and who counts what was given."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.knowledge.candidate_search import SqlCandidateSearch
from dify_hex.adapters.persistence.knowledge.catalogue import SqlKnowledgeCatalogue
from dify_hex.adapters.persistence.knowledge.passage_reader import SqlSegmentReader
from dify_hex.adapters.persistence.knowledge.segment_hits import SqlSegmentHits
from dify_hex.application.knowledge.knowledge_searches import KnowledgeSearches
from dify_hex.application.knowledge.rerank_texts import RerankTexts
from dify_hex.application.knowledge.retrieve_segments import RetrieveSegments
from dify_hex.application.knowledge.segment_retrieval import SegmentRetrieval
from dify_hex.bootstrap.index import UseCaseIndex


class RetrievalContainer(containers.DeclarativeContainer):
    """One retrieval per process, for routes and for nodes."""

    shared, models = providers.DependenciesContainer(), providers.DependenciesContainer()
    calls, embeddings = providers.DependenciesContainer(), providers.DependenciesContainer()
    indexing = providers.DependenciesContainer()

    catalogue = providers.Singleton(SqlKnowledgeCatalogue, shared.pool)
    hits = providers.Singleton(SqlSegmentHits, shared.pool)
    searches = providers.Singleton(
        KnowledgeSearches,
        candidates=providers.Singleton(SqlCandidateSearch, shared.pool),
        embeddings=embeddings.embeddings,
        analyser=indexing.analyser,
    )
    retrieval = providers.Singleton(
        SegmentRetrieval,
        catalogue=catalogue,
        searches=searches,
        segments=providers.Singleton(SqlSegmentReader, shared.pool),
        reranker=providers.Singleton(
            RerankTexts, resolve_model=models.resolve_model, model=calls.reranker
        ),
        hits=hits,
    )
    retrieve_segments = providers.Factory(RetrieveSegments, retrieval=retrieval)


def retrieval_use_cases(container: RetrievalContainer) -> UseCaseIndex:
    """What routes may ask for, by type."""
    return {RetrieveSegments: container.retrieve_segments}
