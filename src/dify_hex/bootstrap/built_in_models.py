"""The models that every tenant has: the operator's own servers, or the embedded ones."""

from pydantic import SecretStr

from dify_hex.adapters.embedded import embedding_protocol
from dify_hex.adapters.embedded.model_host import SLOTS, WINDOW
from dify_hex.application.model_provider.built_in import (
    DEFAULT_EMBEDDING,
    DEFAULT_MODEL,
    BuiltInEmbedding,
    BuiltInModels,
)
from dify_hex.bootstrap.endpoints import Endpoints
from dify_hex.bootstrap.settings import EmbeddingSettings, Settings
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.shared.values.secret_text import SecretText


def built_in_models(endpoints: Endpoints, settings: Settings) -> BuiltInModels:
    """The built-in provider: a server of words, and one that embeds."""
    is_embedded = settings.model.url is None
    name = DEFAULT_MODEL if is_embedded else endpoints.model_name or DEFAULT_MODEL
    window = WINDOW // SLOTS if is_embedded else settings.model.context_window
    return BuiltInModels(
        base_url=endpoints.model_url,
        api_key=_secret(endpoints.model_api_key),
        default_model=name,
        models=(Model(name=name, context_window=window),),
        demonstration=is_embedded,
        open=not is_embedded,
        embedding=_embedding(endpoints, settings.embedding),
    )


def _embedding(endpoints: Endpoints, settings: EmbeddingSettings) -> BuiltInEmbedding | None:
    if endpoints.embedding_url is None:
        return None
    is_embedded = settings.url is None
    window = embedding_protocol.WINDOW if is_embedded else settings.context_window
    return BuiltInEmbedding(
        base_url=endpoints.embedding_url,
        api_key=_secret(endpoints.embedding_api_key),
        model=Model(
            name=settings.name or DEFAULT_EMBEDDING,
            type=ModelType.EMBEDDING,
            context_window=window,
        ),
    )


def _secret(given: SecretStr | None) -> SecretText | None:
    return None if given is None else SecretText(given.get_secret_value())
