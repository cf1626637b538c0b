"""Vendors behind the gateway keep the promises of embedders."""

import pytest

from dify_hex.adapters.litellm.embedder import LiteLLMEmbedder
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.application.model_provider.ports import Embedder, ModelEndpoint
from tests.conformance.chat_model import KEY
from tests.conformance.embedder import EmbedderConformance
from tests.fakes.running_model_server import RunningModelServer


class TestLiteLLMEmbedder(EmbedderConformance):
    @pytest.fixture
    def embedder(self, gateway: LiteLLMGateway) -> Embedder:
        return LiteLLMEmbedder(gateway)

    @pytest.fixture
    def endpoint(self, model_server: RunningModelServer) -> ModelEndpoint:
        return ModelEndpoint(
            provider_kind="mistral",
            model="scripted-embedding",
            base_url=model_server.url,
            api_key=KEY,
        )
