"""Asking a server which models it has."""

from dataclasses import replace

import httpx
import pytest

from dify_hex.adapters.openai.catalogue import OpenAIModelCatalogue
from dify_hex.adapters.openai.connection import Clients
from dify_hex.application.model_provider.ports import ModelEndpoint
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelTimeout,
    ModelUnavailable,
)
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.fakes.model_server import MODELS
from tests.integration.openai.answering import answering, hanging


async def test_the_models_are_listed_by_name(clients: Clients, endpoint: ModelEndpoint) -> None:
    names = await OpenAIModelCatalogue(clients).offered_models(endpoint, timeout=5)

    assert names == tuple(sorted(MODELS))


async def test_a_wrong_key_is_refused(clients: Clients, endpoint: ModelEndpoint) -> None:
    wrong = replace(endpoint, api_key=SecretText("sk-wrong"))

    with pytest.raises(ModelAuthenticationFailed):
        await OpenAIModelCatalogue(clients).offered_models(wrong, timeout=5)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(404, json={"error": "no such route"}),
        httpx.Response(200, content=b"ok"),
        httpx.Response(200, json={"models": []}),
        httpx.Response(200, json={"data": [{"name": "x"}]}),
    ],
)
async def test_a_server_without_such_a_list_cannot_be_asked(
    endpoint: ModelEndpoint, response: httpx.Response
) -> None:
    catalogue = OpenAIModelCatalogue(answering(response))

    assert await catalogue.offered_models(endpoint, timeout=5) is None


async def test_a_page_for_people_is_no_answer(endpoint: ModelEndpoint) -> None:
    catalogue = OpenAIModelCatalogue(answering(httpx.Response(200, html="<h1>Welcome</h1>")))

    with pytest.raises(ModelUnavailable):
        await catalogue.offered_models(endpoint, timeout=5)


async def test_a_server_that_takes_too_long_is_given_up(endpoint: ModelEndpoint) -> None:
    with pytest.raises(ModelTimeout):
        await OpenAIModelCatalogue(hanging()).offered_models(endpoint, timeout=0.05)
