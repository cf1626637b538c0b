"""The gateway, with a vendor whose place the scripted model server takes."""

from collections.abc import AsyncIterator

import httpx
import pytest

from dify_hex.adapters.http_client.public_network import AnyAddress
from dify_hex.adapters.litellm.gateway import LiteLLMGateway
from tests.fakes.running_model_server import _model_server, model_server

__all__ = ["_model_server", "model_server"]


@pytest.fixture
async def gateway() -> AsyncIterator[LiteLLMGateway]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield LiteLLMGateway(client=client, guard=AnyAddress())
