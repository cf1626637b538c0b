"""The native embedder keeps the promises of the port."""

from dataclasses import replace

import httpx
import pytest

from dify_hex.adapters.openai.connection import Clients
from dify_hex.adapters.openai.embedder import OpenAIEmbedder
from dify_hex.application.model_provider.ports import Embedder, ModelEndpoint
from dify_hex.domain.model_provider.errors import ModelTimeout, ModelUnavailable
from tests.conformance.embedder import EmbedderConformance
from tests.fakes.model_server import vector_of
from tests.integration.openai.answering import answering, hanging


class TestOpenAIEmbedder(EmbedderConformance):
    @pytest.fixture
    def embedder(self, clients: Clients) -> Embedder:
        return OpenAIEmbedder(clients)

    @pytest.mark.parametrize(
        "body",
        [
            b"no json",
            b"[]",
            b"{}",
            b'{"data": []}',
            b'{"data": [{"index": 0, "embedding": ["far"]}]}',
            b'{"data": [{"index": 0}]}',
            b'{"data": [{"index": 0, "embedding": "no base64"}]}',
            b'{"data": [{"index": 0, "embedding": "AACA"}]}',
            b'{"data": [{"index": 0, "embedding": "AADAfw=="}]}',
        ],
    )
    async def test_an_answer_that_holds_no_vectors_is_no_answer(
        self, endpoint: ModelEndpoint, body: bytes
    ) -> None:
        embedder = OpenAIEmbedder(answering(httpx.Response(200, content=body)))

        with pytest.raises(ModelUnavailable) as failed:
            await embedder.embed(endpoint, ["x"], timeout=5)

        assert failed.value.details["reason"] == "malformed_answer"

    @pytest.mark.parametrize("trusted", [True, False])
    async def test_numbers_come_as_bytes_or_as_digits(
        self, embedder: Embedder, endpoint: ModelEndpoint, trusted: bool
    ) -> None:
        endpoint = replace(endpoint, trusted=trusted)
        [vector] = (await embedder.embed(endpoint, ["one"], timeout=10)).vectors
        assert list(vector) == pytest.approx(vector_of("one"))

    async def test_many_vectors_are_read_in_their_order(
        self, embedder: Embedder, endpoint: ModelEndpoint
    ) -> None:
        texts = [f"text {number}" for number in range(200)]
        result = await embedder.embed(endpoint, texts, timeout=10)
        assert [vector[0] for vector in result.vectors] == pytest.approx(
            [vector_of(text)[0] for text in texts]
        )

    async def test_a_server_that_takes_too_long_is_given_up(self, endpoint: ModelEndpoint) -> None:
        with pytest.raises(ModelTimeout):
            await OpenAIEmbedder(hanging()).embed(endpoint, ["x"], timeout=0.05)
