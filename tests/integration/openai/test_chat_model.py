"""The native chat adapter keeps the promises of the port, and some of its own."""

import socket
import traceback
from dataclasses import replace

import httpx
import pytest

from dify_hex.adapters.http_client.public_network import PublicTransport
from dify_hex.adapters.openai.chat_model import OpenAIChatModel
from dify_hex.adapters.openai.connection import Clients
from dify_hex.application.model_provider.ports import ChatModel, ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelBaseUrlInvalid,
    ModelStreamCut,
    ModelUnavailable,
)
from dify_hex.domain.shared.values.model_config import ModelParameters
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.conformance.chat_model import (
    ChatModelConformance,
    a_request,
    events_of,
    events_until_failure,
    text_of,
)
from tests.conformance.chat_model_options import ChatModelOptionsConformance
from tests.fakes.running_model_server import RunningModelServer


class TestOpenAIChatModel(ChatModelConformance):
    @pytest.fixture
    def chat_model(self, clients: Clients) -> ChatModel:
        return OpenAIChatModel(clients)

    async def test_what_is_no_event_of_the_protocol_breaks_the_answer_off(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        request = a_request(endpoint, "[[tokens=4 delay=0.05 malformed_after=2]]")

        events, failure = await events_until_failure(chat_model, request)

        assert text_of(events) == "t0 t1 "
        assert isinstance(failure, ModelStreamCut)
        assert failure.details["reason"] == "malformed_chunk"

    async def test_the_connection_is_used_again_after_a_whole_answer(
        self, endpoint: ModelEndpoint
    ) -> None:
        connections = CountedConnections()
        async with httpx.AsyncClient(transport=connections) as client:
            chat_model = OpenAIChatModel(Clients(operator=client, tenants=client))
            for _ in range(3):
                await events_of(chat_model, a_request(endpoint, "[[tokens=3 delay=0.02]]"))

            assert connections.open == 1

    async def test_openai_itself_is_told_the_limit_by_its_new_name(
        self, chat_model: ChatModel, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        parameters = ModelParameters(max_tokens=9, seed=4, presence_penalty=0.1)
        openai = replace(endpoint, provider_kind="openai")

        await events_of(chat_model, a_request(openai, parameters=parameters))

        (asked,) = model_server.requests
        assert asked.body["max_completion_tokens"] == 9
        assert "max_tokens" not in asked.body
        assert asked.body["seed"] == 4

    async def test_a_server_that_is_not_there_is_unavailable(self, chat_model: ChatModel) -> None:
        endpoint = ModelEndpoint(
            provider_kind="openai_compatible", model="m", base_url=nobody_at(), trusted=True
        )

        with pytest.raises(ModelUnavailable) as missing:
            await events_of(chat_model, a_request(endpoint))

        assert missing.value.details["reason"] == "ConnectError"

    async def test_a_wrong_key_is_refused_and_shown_to_nobody(
        self, chat_model: ChatModel, endpoint: ModelEndpoint
    ) -> None:
        wrong = replace(endpoint, api_key=SecretText("sk-wrong"))

        with pytest.raises(ModelAuthenticationFailed) as refused:
            await events_of(chat_model, a_request(wrong))

        assert "sk-wrong" not in f"{refused.value.details} {refused.value!r}"
        assert "Incorrect API key" in str(refused.value.details["provider_message"])

    @pytest.mark.parametrize("key", ["sk-two\nlines", "sk-ключ"])
    async def test_a_key_that_no_header_can_hold_is_refused_unsent(
        self,
        chat_model: ChatModel,
        endpoint: ModelEndpoint,
        model_server: RunningModelServer,
        key: str,
    ) -> None:
        with pytest.raises(ModelAuthenticationFailed) as refused:
            await events_of(chat_model, a_request(replace(endpoint, api_key=SecretText(key))))

        shown = "".join(traceback.format_exception(refused.value))
        assert key not in shown
        assert model_server.requests == ()

    async def test_a_tenant_cannot_reach_the_operators_network(
        self, endpoint: ModelEndpoint, model_server: RunningModelServer
    ) -> None:
        async with httpx.AsyncClient(transport=PublicTransport(httpx.Limits())) as guarded:
            chat_model = OpenAIChatModel(Clients(operator=guarded, tenants=guarded))

            with pytest.raises(ModelBaseUrlInvalid) as refused:
                await events_of(chat_model, a_request(replace(endpoint, trusted=False)))

        assert refused.value.details["reason"] == "private_address"
        assert model_server.requests == ()

    async def test_an_address_that_is_none_is_told(self, chat_model: ChatModel) -> None:
        endpoint = ModelEndpoint(
            provider_kind="openai_compatible", model="m", base_url="http://[::"
        )

        with pytest.raises(ModelBaseUrlInvalid):
            await events_of(chat_model, a_request(endpoint))


class TestOpenAIChatModelOptions(ChatModelOptionsConformance):
    @pytest.fixture
    def chat_model(self, clients: Clients) -> ChatModel:
        return OpenAIChatModel(clients)


class CountedConnections(httpx.AsyncHTTPTransport):
    """An ordinary transport that says how many connections it holds."""

    @property
    def open(self) -> int:
        return len(self._pool.connections)


def nobody_at() -> str:
    """An address on loopback where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"
