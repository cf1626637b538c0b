"""How the gateway keeps LiteLLM in bounds."""

import subprocess
import sys
import traceback

import httpx
import pytest

from dify_hex.adapters.http_client.public_network import PublicTransport, ResolvingAddressGuard
from dify_hex.adapters.litellm.chat_model import LiteLLMChatModel
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from dify_hex.application.model_provider.ports import AddressGuard, ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelBadRequest,
    ModelBaseUrlInvalid,
)
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.conformance.chat_model import KEY, a_request, events_of
from tests.fakes.running_model_server import RunningModelServer

#: Of LiteLLM's own making, once per streamed answer.
pytestmark = pytest.mark.filterwarnings(
    "ignore:(Accessing the .model_.*fields. attribute|Item .* on TypedDict class)"
)

_LOADING = """
import asyncio, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen"):
        raise SystemExit(f"{event} {arguments}")

sys.addaudithook(watch)
import httpx
from dify_hex.adapters.http_client.public_network import AnyAddress
from dify_hex.adapters.litellm.gateway import LiteLLMGateway

gateway = LiteLLMGateway(client=httpx.AsyncClient(trust_env=False), guard=AnyAddress())
assert "litellm" not in sys.modules
asyncio.run(gateway.library())
assert "litellm" in sys.modules
"""


class ForgetfulGuard(AddressGuard):
    """Lets every address pass, as a name does that resolves differently a moment later."""

    async def check(self, base_url: str) -> None:
        del base_url


def at(base_url: str, *, kind: str = "together_ai", key: SecretText | None = KEY) -> ModelEndpoint:
    return ModelEndpoint(provider_kind=kind, model="m", base_url=base_url, api_key=key)


def test_loading_the_library_asks_nobody_and_prints_nothing() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", _LOADING], capture_output=True, text=True, check=False, timeout=120
    )

    assert (loaded.stdout, loaded.stderr, loaded.returncode) == ("", "", 0)


@pytest.mark.parametrize("key", [None, SecretText(""), SecretText("os.environ/HOME")])
async def test_a_key_is_never_looked_up_in_the_operators_environment(
    gateway: LiteLLMGateway, model_server: RunningModelServer, key: SecretText | None
) -> None:
    with pytest.raises(ModelAuthenticationFailed):
        await events_of(LiteLLMChatModel(gateway), a_request(at(model_server.url, key=key)))

    assert model_server.requests == ()


@pytest.mark.parametrize("kind", ["together_ai", "sambanova", "anthropic", "gemini", "azure"])
@pytest.mark.parametrize("guard", [ResolvingAddressGuard(), ForgetfulGuard()])
async def test_a_tenant_cannot_reach_the_operators_network(
    model_server: RunningModelServer, kind: str, guard: AddressGuard
) -> None:
    async with httpx.AsyncClient(transport=PublicTransport(httpx.Limits())) as client:
        gateway = LiteLLMGateway(client=client, guard=guard)

        with pytest.raises(ModelBaseUrlInvalid):
            await events_of(LiteLLMChatModel(gateway), a_request(at(model_server.url, kind=kind)))

    assert model_server.requests == ()


async def test_a_wrong_key_is_refused_and_shown_to_nobody(
    gateway: LiteLLMGateway, model_server: RunningModelServer
) -> None:
    wrong = at(model_server.url, key=SecretText("sk-wrong"))

    with pytest.raises(ModelAuthenticationFailed) as refused:
        await events_of(LiteLLMChatModel(gateway), a_request(wrong))

    shown = "".join(traceback.format_exception(refused.value))
    assert "sk-wrong" not in f"{refused.value.details} {shown}"


async def test_a_vendor_without_chat_models_says_so(gateway: LiteLLMGateway) -> None:
    with pytest.raises(ModelBadRequest):
        await events_of(
            LiteLLMChatModel(gateway), a_request(at("http://127.0.0.1:9/v1", kind="voyage"))
        )


@pytest.mark.parametrize(
    ("kind", "base_url", "expected"),
    [
        ("anthropic", "https://proxy.example/v1", "https://proxy.example"),
        ("azure", "https://mine.openai.azure.com/v1", "https://mine.openai.azure.com"),
        ("azure", "https://mine.example/gate", "https://mine.example/gate"),
        ("gemini", "https://proxy.example/v1", "https://proxy.example/v1beta"),
        ("mistral", "https://proxy.example/v1", "https://proxy.example/v1"),
    ],
)
async def test_addresses_are_written_as_each_vendor_expects_them(
    gateway: LiteLLMGateway, kind: str, base_url: str, expected: str
) -> None:
    assert (await gateway.arguments(at(base_url, kind=kind)))["api_base"] == expected
