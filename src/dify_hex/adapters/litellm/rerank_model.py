"""Reranking by the vendors that speak protocols of their own."""

from collections.abc import Sequence
from typing import Any

from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.adapters.litellm.refusals import in_time
from dify_hex.application.model_provider.ports import ModelEndpoint, RankedText, RerankModel


class LiteLLMRerankModel(RerankModel):
    """Asks through the gateway; all texts are one request."""

    def __init__(self, gateway: LiteLLMGateway) -> None:
        self._gateway = gateway

    async def rerank(
        self, endpoint: ModelEndpoint, query: str, texts: Sequence[str], *, timeout: float
    ) -> Sequence[RankedText]:
        """All texts, the most relevant first."""
        if not texts:
            return ()
        library = await self._gateway.library()
        arguments = await self._gateway.arguments(endpoint)
        async with in_time(endpoint, timeout):
            answer = await library.arerank(
                query=query,
                documents=list(texts),
                top_n=len(texts),
                return_documents=False,
                timeout=timeout,
                **arguments,
            )
            return _ranked(answer, len(texts))


def _ranked(answer: Any, expected: int) -> Sequence[RankedText]:
    scores = {int(row["index"]): float(row["relevance_score"]) for row in answer.results}
    if sorted(scores) != list(range(expected)):
        raise LookupError("one score per text was asked for")
    ranked = [
        RankedText(index=index, score=min(1.0, max(0.0, score))) for index, score in scores.items()
    ]
    return sorted(ranked, key=lambda each: (-each.score, each.index))
