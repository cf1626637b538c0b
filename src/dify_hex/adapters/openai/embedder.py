"""Embeddings over OpenAI's protocol."""

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from dify_hex.adapters.openai.chat_answer import usage_in
from dify_hex.adapters.openai.connection import Clients, read_all, unavailable
from dify_hex.application.model_provider.ports import Embedder, EmbeddingResult, ModelEndpoint
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable

_MAX_ANSWER = 64 << 20


class OpenAIEmbedder(Embedder):
    """Asks for vectors as plain numbers; a batch is one request."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        """Vectors of the texts, in their order."""
        if not texts:
            return EmbeddingResult(vectors=(), usage=None)
        body = orjson.dumps(
            {"model": endpoint.model, "input": list(texts), "encoding_format": "float"}
        )
        try:
            async with asyncio.timeout(timeout):
                response = await self._clients.post(endpoint, "/embeddings", body)
                answer = await read_all(response, _MAX_ANSWER)
        except TimeoutError:
            raise ModelTimeout(
                provider=endpoint.provider_kind, model=endpoint.model, seconds=timeout
            ) from None
        except httpx.HTTPError as error:
            raise unavailable(endpoint, error) from error
        try:
            # Thousands of numbers are milliseconds that the streams of others must not wait for.
            return await asyncio.to_thread(_result, answer, len(texts))
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ModelUnavailable(
                provider=endpoint.provider_kind, model=endpoint.model, reason="malformed_answer"
            ) from None


def _result(body: bytes, expected: int) -> EmbeddingResult:
    answer: dict[str, Any] = orjson.loads(body)
    rows = sorted(answer["data"], key=lambda row: int(row["index"]))
    vectors = tuple(tuple(map(float, row["embedding"])) for row in rows)
    if len(vectors) != expected:
        raise ValueError("one vector per text was asked for")
    usage = answer.get("usage")
    return EmbeddingResult(vectors=vectors, usage=usage_in(usage) if usage else None)
