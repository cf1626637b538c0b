"""Vendors behind the gateway keep the promises of rerank models."""

import pytest

from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.adapters.litellm.rerank_model import LiteLLMRerankModel
from dify_hex.application.model_provider.ports import ModelEndpoint, RerankModel
from tests.conformance.chat_model import KEY
from tests.conformance.rerank_model import RerankModelConformance
from tests.fakes.running_model_server import RunningModelServer


class TestLiteLLMRerankModel(RerankModelConformance):
    @pytest.fixture
    def reranker(self, gateway: LiteLLMGateway) -> RerankModel:
        return LiteLLMRerankModel(gateway)

    @pytest.fixture
    def endpoint(self, model_server: RunningModelServer) -> ModelEndpoint:
        return ModelEndpoint(
            provider_kind="jina_ai",
            model="scripted-rerank",
            base_url=model_server.url,
            api_key=KEY,
        )
