"""What every rerank model promises, tried against the scripted model server."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import ModelEndpoint, RerankModel
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelRateLimited,
    ModelUnavailable,
)
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.fakes.running_model_server import RunningModelServer

TEXTS = ("the sea is salt", "a green hill", "the green sea")


class RerankModelConformance:
    """Subclasses give the fixtures `reranker` and `endpoint`, at the scripted model server."""

    async def test_all_texts_come_back_the_most_relevant_first(
        self, reranker: RerankModel, endpoint: ModelEndpoint
    ) -> None:
        ranked = await reranker.rerank(endpoint, "green sea", TEXTS, timeout=10)

        assert [(each.index, each.score) for each in ranked] == [(2, 1.0), (0, 0.5), (1, 0.5)]

    async def test_nothing_to_rank_asks_nobody(
        self, reranker: RerankModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        assert await reranker.rerank(endpoint, "sea", [], timeout=10) == ()
        assert model_server.requests == ()

    async def test_refusals_are_told_by_their_kind(
        self, reranker: RerankModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        wrong = replace(endpoint, api_key=SecretText("sk-wrong"))
        with pytest.raises(ModelAuthenticationFailed):
            await reranker.rerank(wrong, "sea", TEXTS, timeout=10)
        model_server.play(status=429)
        with pytest.raises(ModelRateLimited):
            await reranker.rerank(endpoint, "sea", TEXTS, timeout=10)
        model_server.play(status=500)
        with pytest.raises(ModelUnavailable):
            await reranker.rerank(endpoint, "sea", TEXTS, timeout=10)
