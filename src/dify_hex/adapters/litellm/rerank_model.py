"""Reranking by the vendors that speak protocols of their own."""

import asyncio
from collections.abc import Sequence
from typing import Any

from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.adapters.litellm.refusals import failure_in
from dify_hex.application.model_provider.ports import ModelEndpoint, RankedText, RerankModel
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable
from dify_hex.domain.shared.errors import DomainError


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
        try:
            async with asyncio.timeout(timeout):
                answer = await library.arerank(
                    query=query,
                    documents=list(texts),
                    top_n=len(texts),
                    return_documents=False,
                    timeout=timeout,
                    **arguments,
                )
            return _ranked(answer, len(texts))
        except TimeoutError:
            raise ModelTimeout(
                provider=endpoint.provider_kind, model=endpoint.model, seconds=timeout
            ) from None
        except (LookupError, TypeError, AttributeError):
            raise ModelUnavailable(
                provider=endpoint.provider_kind, model=endpoint.model, reason="malformed_answer"
            ) from None
        except DomainError:
            raise
        except Exception as error:  # noqa: BLE001 - vendors' clients raise what they like
            raise failure_in(endpoint, error) from None


def _ranked(answer: Any, expected: int) -> Sequence[RankedText]:
    scores = {int(row["index"]): float(row["relevance_score"]) for row in answer.results}
    if sorted(scores) != list(range(expected)):
        raise LookupError("one score per text was asked for")
    ranked = [
        RankedText(index=index, score=min(1.0, max(0.0, score))) for index, score in scores.items()
    ]
    return sorted(ranked, key=lambda each: (-each.score, each.index))
