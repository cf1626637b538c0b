"""Turning texts into vectors, and remembering them."""

from dependency_injector import containers, providers

from dify_hex.adapters.persistence.knowledge.embedding_cache import SqlEmbeddingCache
from dify_hex.application.knowledge.embed_texts import EmbedTexts


class EmbeddingsContainer(containers.DeclarativeContainer):
    """One per process: it remembers what was asked."""

    shared = providers.DependenciesContainer()
    models = providers.DependenciesContainer()
    calls = providers.DependenciesContainer()

    embeddings = providers.Singleton(
        EmbedTexts,
        resolve_model=models.resolve_model,
        embedder=calls.embedder,
        cache=providers.Singleton(SqlEmbeddingCache, shared.pool),
    )
