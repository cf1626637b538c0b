"""Each provider's calls go to the adapter that speaks its protocol."""

from collections.abc import Sequence

import pytest

from dify_hex.application.model_provider.ports import (
    ChatRequest,
    Embedder,
    EmbeddingResult,
    ModelCatalogue,
    ModelEndpoint,
)
from dify_hex.application.model_provider.routing import Catalogues, ChatModels, Embedders
from dify_hex.domain.shared.values.model_config import ModelParameters
from tests.fakes.scripted_models import ScriptedChatModel


class NamedEmbedder(Embedder):
    def __init__(self, number: float) -> None:
        self._number = number

    async def embed(
        self, endpoint: ModelEndpoint, texts: Sequence[str], *, timeout: float
    ) -> EmbeddingResult:
        return EmbeddingResult(vectors=((self._number,),), usage=None)


class OneModel(ModelCatalogue):
    async def offered_models(
        self, endpoint: ModelEndpoint, *, timeout: float
    ) -> tuple[str, ...] | None:
        return ("only",)


KINDS = pytest.mark.parametrize(
    ("kind", "is_native"),
    [("local", True), ("openai", True), ("deepseek", True), ("anthropic", False), ("azure", False)],
)


@KINDS
async def test_chats_find_their_adapter(kind: str, is_native: bool) -> None:
    native, gateway = ScriptedChatModel(), ScriptedChatModel()
    request = ChatRequest(
        endpoint=ModelEndpoint(provider_kind=kind, model="m"),
        messages=(),
        parameters=ModelParameters(),
        idempotency_key="k",
    )

    events = [event async for event in ChatModels(native=native, gateway=gateway).stream(request)]

    assert len(events) == 3
    assert (len(native.requests), len(gateway.requests)) == ((1, 0) if is_native else (0, 1))


@KINDS
async def test_embeddings_find_their_adapter(kind: str, is_native: bool) -> None:
    embedders = Embedders(native=NamedEmbedder(1), gateway=NamedEmbedder(2))
    endpoint = ModelEndpoint(provider_kind=kind, model="m")

    result = await embedders.embed(endpoint, ["x"], timeout=1)

    assert result.vectors == ((1,),) if is_native else ((2,),)


@KINDS
async def test_only_some_providers_can_be_asked_for_their_models(
    kind: str, is_native: bool
) -> None:
    offered = await Catalogues(native=OneModel()).offered_models(
        ModelEndpoint(provider_kind=kind, model="m"), timeout=1
    )

    assert offered == (("only",) if is_native else None)
