"""Embeddings of the vendors that speak protocols of their own."""

from collections.abc import Sequence
from typing import Any

from dify_hex.adapters.litellm.chat_answer import usage_in
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.adapters.litellm.refusals import in_time
from dify_hex.application.model_provider.ports import Embedder, EmbeddingResult, ModelEndpoint


class LiteLLMEmbedder(Embedder):
    """Asks for vectors through the gateway; a batch is one request."""

    def __init__(self, gateway: LiteLLMGateway) -> None:
        self._gateway = gateway

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        """Vectors of the texts, in their order."""
        if not texts:
            return EmbeddingResult(vectors=(), usage=None)
        library = await self._gateway.library()
        arguments = await self._gateway.arguments(endpoint)
        async with in_time(endpoint, timeout):
            answer = await library.aembedding(input=list(texts), timeout=timeout, **arguments)
            return _result(answer, len(texts))


def _result(answer: Any, expected: int) -> EmbeddingResult:
    rows = sorted(answer.data, key=lambda row: int(row["index"]))
    if len(rows) != expected:
        raise LookupError("one vector per text was asked for")
    return EmbeddingResult(
        vectors=tuple(tuple(map(float, row["embedding"])) for row in rows),
        usage=usage_in(answer.usage),
    )
