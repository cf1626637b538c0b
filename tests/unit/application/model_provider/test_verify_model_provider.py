"""Asking a provider whether its credential lets us in."""

import pytest

from dify_hex.application.model_provider.change_model_provider import Replacement
from dify_hex.application.model_provider.verify_model_provider import VerifiedBy
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.errors import (
    ModelAuthenticationFailed,
    ModelProviderIsEmpty,
    ModelProviderNotFound,
)
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.model_provider.model_provider import MAX_MODELS
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.model_provider import CHAT, EMBEDDING, KEY, someone
from tests.fakes.scripted_providers import ScriptedCatalogue
from tests.unit.application.model_provider.conftest import ProviderHouse

ELSEWHERE = "https://models.example.com/v1"


async def test_a_list_of_models_is_answer_enough(house: ProviderHouse) -> None:
    made = await house.made(models=(CHAT, EMBEDDING))

    found = await house.verified(made.id)

    assert (found.provider, found.verified_by) == ("openai", VerifiedBy.CATALOGUE)
    assert (found.missing, found.adopted) == (("embedding",), ())
    assert not house.chat_model.requests
    (endpoint,) = house.catalogue.asked
    assert endpoint.api_key == SecretText(KEY)
    assert endpoint.base_url == "https://api.openai.com/v1"
    assert not endpoint.trusted


async def test_a_provider_without_models_begins_to_offer_those_it_lists(
    house: ProviderHouse,
) -> None:
    house.catalogue = ScriptedCatalogue("bge-m3", "qwen3", "whisper-large")
    made = await house.made("openai_compatible", base_url=ELSEWHERE)

    found = await house.verified(made.id)

    assert found.adopted == ("bge-m3", "qwen3")
    types = {model.name: model.type for model in house.only().state.models}
    assert types == {"bge-m3": ModelType.EMBEDDING, "qwen3": ModelType.LLM}


async def test_a_long_list_is_adopted_as_far_as_there_is_room(house: ProviderHouse) -> None:
    house.catalogue = ScriptedCatalogue(*(f"model-{n:04}" for n in range(MAX_MODELS + 5)))
    made = await house.made("openai_compatible", base_url=ELSEWHERE)

    found = await house.verified(made.id)

    assert len(found.adopted) == len(house.only().state.models) == MAX_MODELS


async def test_models_that_were_named_meanwhile_are_kept(house: ProviderHouse) -> None:
    made = await house.made("openai_compatible", base_url=ELSEWHERE)

    class SlowCatalogue(ScriptedCatalogue):
        async def offered_models(self, *given: object, **named: object) -> tuple[str, ...]:
            await house.changed(made.id, models=(EMBEDDING,))
            return ("chat",)

    house.catalogue = SlowCatalogue()
    found = await house.verified(made.id)

    assert found.adopted == ()
    assert house.only().state.models == (EMBEDDING,)


async def test_without_a_list_a_single_token_is_asked_for(house: ProviderHouse) -> None:
    house.catalogue.names = None
    made = await house.made("anthropic", models=(CHAT,))

    found = await house.verified(made.id)

    assert found.verified_by is VerifiedBy.CHAT
    (request,) = house.chat_model.requests
    assert (request.endpoint.model, request.parameters.max_tokens) == ("chat", 1)
    assert house.chat_model.closed == 1


async def test_an_embedding_model_is_made_to_embed(house: ProviderHouse) -> None:
    house.catalogue.names = None
    made = await house.made("voyage", models=(EMBEDDING,))

    assert (await house.verified(made.id)).verified_by is VerifiedBy.EMBEDDING
    assert house.embedder.texts


async def test_a_rerank_model_is_made_to_rank(house: ProviderHouse) -> None:
    house.catalogue.names = None
    made = await house.made("jina_ai", models=(Model(name="ranker", type=ModelType.RERANK),))

    assert (await house.verified(made.id)).verified_by is VerifiedBy.RERANK
    assert house.reranker.texts


async def test_where_there_is_nothing_to_ask_the_owner_is_told(house: ProviderHouse) -> None:
    house.catalogue.names = None
    made = await house.made("openai_compatible", base_url=ELSEWHERE)

    with pytest.raises(ModelProviderIsEmpty):
        await house.verified(made.id)


async def test_a_refusal_reaches_the_owner_as_it_is(house: ProviderHouse) -> None:
    house.catalogue.failure = ModelAuthenticationFailed(provider="openai")
    made = await house.made()

    with pytest.raises(ModelAuthenticationFailed):
        await house.verified(made.id)


async def test_a_disabled_provider_and_one_without_a_key_can_be_asked(
    house: ProviderHouse,
) -> None:
    made = await house.made("openai_compatible", base_url=ELSEWHERE, models=(CHAT,))
    await house.changed(made.id, enabled=False, api_key=Replacement(None))

    assert (await house.verified(made.id)).missing == ()
    assert house.catalogue.asked[0].api_key is None


async def test_who_may_not_change_providers_may_not_have_them_called(
    house: ProviderHouse,
) -> None:
    house.editor = someone(Permission.MODEL_READ)

    with pytest.raises(PermissionDenied):
        await house.verified(ModelProviderId(new_id()))


async def test_what_does_not_exist_is_not_asked(house: ProviderHouse) -> None:
    with pytest.raises(ModelProviderNotFound):
        await house.verified(ModelProviderId(new_id()))
