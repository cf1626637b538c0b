"""The native chat adapter keeps the promises of the port, and some of its own."""

import pytest

from dify_hex.adapters.openai.chat_model import OpenAIChatModel
from dify_hex.adapters.openai.connection import Clients
from dify_hex.application.model_provider.ports import ChatModel
from tests.conformance.chat_model import ChatModelConformance


class TestOpenAIChatModel(ChatModelConformance):
    @pytest.fixture
    def chat_model(self, clients: Clients) -> ChatModel:
        return OpenAIChatModel(clients)
