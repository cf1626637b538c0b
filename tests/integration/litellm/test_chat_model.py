"""Vendors behind the gateway keep the promises of the port."""

import pytest

from dify_hex.adapters.litellm.chat_model import LiteLLMChatModel
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.application.model_provider.ports import ChatModel, ModelEndpoint
from tests.conformance.chat_model import KEY, ChatModelConformance
from tests.conformance.chat_model_options import ChatModelOptionsConformance
from tests.fakes.running_model_server import RunningModelServer

#: Of LiteLLM's own making, once per streamed answer.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Accessing the 'model_.*fields' attribute on the instance is deprecated"
)


class TestLiteLLMChatModel(ChatModelConformance):
    """One vendor whose calls LiteLLM makes itself, one that it leaves to OpenAI's client."""

    @pytest.fixture
    def chat_model(self, gateway: LiteLLMGateway) -> ChatModel:
        return LiteLLMChatModel(gateway)

    @pytest.fixture(params=["together_ai", "sambanova"])
    def endpoint(
        self, model_server: RunningModelServer, request: pytest.FixtureRequest
    ) -> ModelEndpoint:
        return ModelEndpoint(
            provider_kind=request.param,
            model="scripted",
            base_url=model_server.url,
            api_key=KEY,
        )


class TestLiteLLMChatModelOptions(ChatModelOptionsConformance):
    """The library leaves out what it does not expect of a vendor's model; here it expects all."""

    @pytest.fixture
    def chat_model(self, gateway: LiteLLMGateway) -> ChatModel:
        return LiteLLMChatModel(gateway)

    @pytest.fixture
    def endpoint(self, model_server: RunningModelServer) -> ModelEndpoint:
        return ModelEndpoint(
            provider_kind="together_ai",
            model="scripted",
            base_url=model_server.url,
            api_key=KEY,
        )
