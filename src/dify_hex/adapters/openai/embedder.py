"""Embeddings over OpenAI's protocol."""

import asyncio
import struct
from base64 import b64decode
from collections.abc import Sequence
from math import isfinite
from typing import Any

import httpx
import orjson

from dify_hex.adapters.openai.chat_answer import usage_in
from dify_hex.adapters.openai.connection import Clients, read_all, unavailable
from dify_hex.application.model_provider.ports import Embedder, EmbeddingResult, ModelEndpoint
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable

_MAX_ANSWER = 64 << 20
#: Bytes of an answer that is read at once: a question's vector, which somebody waits for.
_SHORT_ANSWER = 32 << 10


class OpenAIEmbedder(Embedder):
    """A batch is one request.

    The operator's own server is asked for the bytes of the numbers, a third of their digits. Not
    every server of the world can do that, so the others are asked for digits; whatever comes is
    understood.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        """Vectors of the texts, in their order."""
        if not texts:
            return EmbeddingResult(vectors=(), usage=None)
        encoding = "base64" if endpoint.trusted else "float"
        body = orjson.dumps(
            {"model": endpoint.model, "input": list(texts), "encoding_format": encoding}
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
            if len(answer) <= _SHORT_ANSWER:
                return _result(answer, len(texts))
            # Thousands of numbers are milliseconds that the streams of others must not wait for.
            return await asyncio.to_thread(_result, answer, len(texts))
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ModelUnavailable(
                provider=endpoint.provider_kind, model=endpoint.model, reason="malformed_answer"
            ) from None


def _result(body: bytes, expected: int) -> EmbeddingResult:
    answer: dict[str, Any] = orjson.loads(body)
    rows = sorted(answer["data"], key=lambda row: int(row["index"]))
    vectors = tuple(_vector(row["embedding"]) for row in rows)
    if len(vectors) != expected:
        raise ValueError("one vector per text was asked for")
    usage = answer.get("usage")
    return EmbeddingResult(vectors=vectors, usage=usage_in(usage) if usage else None)


def _vector(embedding: Any) -> tuple[float, ...]:
    if not isinstance(embedding, str):
        return tuple(map(float, embedding))
    content = b64decode(embedding, validate=True)
    if len(content) % 4:
        raise ValueError("numbers of four bytes were asked for")
    vector = struct.unpack(f"<{len(content) // 4}f", content)
    if not all(map(isfinite, vector)):
        raise ValueError("a number is none")
    return vector
