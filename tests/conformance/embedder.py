"""What every embedder promises, tried against the scripted model server."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.ports import Embedder, ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelRateLimited,
    ModelUnavailable,
)
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.fakes.model_server import vector_of
from tests.fakes.running_model_server import RunningModelServer


class EmbedderConformance:
    """Subclasses give the fixtures `embedder` and `endpoint`, at the scripted model server."""

    async def test_each_text_gets_its_vector_in_the_order_of_the_texts(
        self, embedder: Embedder, endpoint: ModelEndpoint
    ) -> None:
        result = await embedder.embed(endpoint, ["one", "zwei drei", "四"], timeout=10)

        assert [list(vector) for vector in result.vectors] == [
            pytest.approx(vector_of(text)) for text in ("one", "zwei drei", "四")
        ]
        assert result.usage is not None
        assert result.usage.prompt_tokens == 4

    async def test_nothing_to_embed_asks_nobody(
        self, embedder: Embedder, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        assert (await embedder.embed(endpoint, [], timeout=10)).vectors == ()
        assert model_server.requests == ()

    async def test_refusals_are_told_by_their_kind(
        self, embedder: Embedder, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        with pytest.raises(ModelAuthenticationFailed):
            await embedder.embed(
                replace(endpoint, api_key=SecretText("sk-wrong")), ["x"], timeout=10
            )
        model_server.play(status=429)
        with pytest.raises(ModelRateLimited):
            await embedder.embed(endpoint, ["x"], timeout=10)
        model_server.play(status=500)
        with pytest.raises(ModelUnavailable):
            await embedder.embed(endpoint, ["x"], timeout=10)
