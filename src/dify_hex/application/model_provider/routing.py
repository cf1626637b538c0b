"""Hands each call to the adapter that speaks the provider's protocol."""

from collections.abc import AsyncGenerator, Sequence

from dify_hex.application.model_provider.ports import (
    ChatEvent,
    ChatModel,
    ChatRequest,
    Embedder,
    EmbeddingResult,
    ModelCatalogue,
    ModelEndpoint,
    RankedText,
    RerankModel,
)
from dify_hex.domain.model_provider.kinds import KINDS


def is_native(provider_kind: str) -> bool:
    """Whether models of this kind are called in OpenAI's protocol; the built-in ones are."""
    kind = KINDS.get(provider_kind)
    return kind is None or kind.speaks_openai


class ChatModels(ChatModel):
    """All chat models: `native` ones, and those behind the `gateway`."""

    def __init__(self, *, native: ChatModel, gateway: ChatModel) -> None:
        self._native = native
        self._gateway = gateway

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """The answer of whichever adapter it is; nothing stands between it and the reader."""
        native = is_native(request.endpoint.provider_kind)
        return (self._native if native else self._gateway).stream(request)


class Embedders(Embedder):
    """All embedding models: `native` ones, and those behind the `gateway`."""

    def __init__(self, *, native: Embedder, gateway: Embedder) -> None:
        self._native = native
        self._gateway = gateway

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        """Vectors of the texts."""
        chosen = self._native if is_native(endpoint.provider_kind) else self._gateway
        return await chosen.embed(endpoint, texts, timeout=timeout)


class RerankModels(RerankModel):
    """All rerank models: `native` ones, and those behind the `gateway`."""

    def __init__(self, *, native: RerankModel, gateway: RerankModel) -> None:
        self._native = native
        self._gateway = gateway

    async def rerank(
        self, endpoint: ModelEndpoint, query: str, texts: Sequence[str], *, timeout: float
    ) -> Sequence[RankedText]:
        """The texts in their order."""
        chosen = self._native if is_native(endpoint.provider_kind) else self._gateway
        return await chosen.rerank(endpoint, query, texts, timeout=timeout)


class Catalogues(ModelCatalogue):
    """The lists of models of those providers that can be asked for one."""

    def __init__(self, *, native: ModelCatalogue) -> None:
        self._native = native

    async def offered_models(
        self, endpoint: ModelEndpoint, *, timeout: float
    ) -> tuple[str, ...] | None:
        """Names of the models; None behind the gateway, which knows no such question."""
        if not is_native(endpoint.provider_kind):
            return None
        return await self._native.offered_models(endpoint, timeout=timeout)
