"""OpenAI's protocol spoken with the scripted model server."""

from collections.abc import AsyncIterator

import httpx
import pytest

from dify_hex.adapters.openai.connection import Clients
from dify_hex.application.model_provider.ports import ModelEndpoint
from tests.conformance.chat_model import KEY
from tests.fakes.running_model_server import RunningModelServer, _model_server, model_server

__all__ = ["_model_server", "model_server"]


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Clients(operator=client, tenants=client)


@pytest.fixture
def endpoint(model_server: RunningModelServer) -> ModelEndpoint:
    return ModelEndpoint(
        provider_kind="openai_compatible",
        model="scripted",
        base_url=model_server.url,
        api_key=KEY,
        trusted=True,
    )
