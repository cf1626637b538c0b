"""Reranking in the form that Cohere and Jina have made common beside OpenAI's protocol."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from dify_hex.adapters.openai.connection import Clients, read_all, unavailable
from dify_hex.application.model_provider.ports import ModelEndpoint, RankedText, RerankModel
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable

_MAX_ANSWER = 4 << 20


class OpenAIRerankModel(RerankModel):
    """Posts to `/rerank`; all texts are one request."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def rerank(
        self, endpoint: ModelEndpoint, query: str, texts: Sequence[str], *, timeout: float
    ) -> Sequence[RankedText]:
        """All texts, the most relevant first."""
        if not texts:
            return ()
        asked = {
            "model": endpoint.model,
            "query": query,
            "documents": list(texts),
            "top_n": len(texts),
            "return_documents": False,
        }
        try:
            async with asyncio.timeout(timeout):
                response = await self._clients.post(endpoint, "/rerank", orjson.dumps(asked))
                answer = await read_all(response, _MAX_ANSWER)
        except TimeoutError:
            raise ModelTimeout(
                provider=endpoint.provider_kind, model=endpoint.model, seconds=timeout
            ) from None
        except httpx.HTTPError as error:
            raise unavailable(endpoint, error) from error
        try:
            return _ranked(orjson.loads(answer), len(texts))
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ModelUnavailable(
                provider=endpoint.provider_kind, model=endpoint.model, reason="malformed_answer"
            ) from None


def _ranked(answer: dict[str, Any], expected: int) -> Sequence[RankedText]:
    scores = {int(row["index"]): float(row["relevance_score"]) for row in answer["results"]}
    if sorted(scores) != list(range(expected)) or not all(map(math.isfinite, scores.values())):
        raise ValueError("one score per text was asked for")
    if not all(0 <= score <= 1 for score in scores.values()):
        # Some servers give what the model computes before it is made a likelihood.
        scores = {index: 0.5 + 0.5 * math.tanh(score / 2) for index, score in scores.items()}
    ranked = [RankedText(index=index, score=score) for index, score in scores.items()]
    return sorted(ranked, key=lambda each: (-each.score, each.index))
