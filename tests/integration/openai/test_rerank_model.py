"""The native rerank model keeps the promises of the port."""

import httpx
import orjson
import pytest

from dify_hex.adapters.openai.connection import Clients
from dify_hex.adapters.openai.rerank_model import OpenAIRerankModel
from dify_hex.application.model_provider.ports import ModelEndpoint, RerankModel
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable
from tests.conformance.rerank_model import TEXTS, RerankModelConformance
from tests.integration.openai.answering import answering, hanging


class TestOpenAIRerankModel(RerankModelConformance):
    @pytest.fixture
    def reranker(self, clients: Clients) -> RerankModel:
        return OpenAIRerankModel(clients)

    @pytest.mark.parametrize(
        "body",
        [
            b"no json",
            b"[]",
            b"{}",
            b'{"results": []}',
            b'{"results": [{"index": 0, "relevance_score": "high"}]}',
            b'{"results": [{"index": 1, "relevance_score": 0.5}]}',
        ],
    )
    async def test_an_answer_that_does_not_rank_the_texts_is_no_answer(
        self, endpoint: ModelEndpoint, body: bytes
    ) -> None:
        reranker = OpenAIRerankModel(answering(httpx.Response(200, content=body)))

        with pytest.raises(ModelUnavailable) as failed:
            await reranker.rerank(endpoint, "sea", ["x"], timeout=5)

        assert failed.value.details["reason"] == "malformed_answer"

    async def test_scores_beyond_0_and_1_are_brought_between_them_in_their_order(
        self, endpoint: ModelEndpoint
    ) -> None:
        raw = [{"index": 0, "relevance_score": -4.5}, {"index": 1, "relevance_score": 3.0}]
        body = orjson.dumps({"results": raw})
        reranker = OpenAIRerankModel(answering(httpx.Response(200, content=body)))

        first, second = await reranker.rerank(endpoint, "sea", ["x", "y"], timeout=5)

        assert (first.index, second.index) == (1, 0)
        assert 0 < second.score < 0.5 < first.score < 1

    async def test_a_server_that_takes_too_long_is_given_up(self, endpoint: ModelEndpoint) -> None:
        with pytest.raises(ModelTimeout):
            await OpenAIRerankModel(hanging()).rerank(endpoint, "sea", TEXTS, timeout=0.05)
