"""Which models a tenant can use, and what a name stands for."""

from dataclasses import replace

import pytest

from dify_hex.application.model_provider.built_in import (
    DEFAULT_EMBEDDING,
    DEFAULT_MODEL,
    BuiltInEmbedding,
)
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.errors import (
    ModelNotFound,
    ModelProviderIsDisabled,
    ModelProviderNotFound,
    ModelTypeMismatch,
    ModelUnavailable,
)
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.model_provider import CHAT, EMBEDDING, KEY, TENANT, someone
from tests.unit.application.model_provider.conftest import BUILT_IN, ProviderHouse


def named(provider: str, model: str) -> ModelConfig:
    return ModelConfig(provider=provider, model=model)


class TestListing:
    async def test_the_installations_models_come_first_and_say_what_they_are(
        self, house: ProviderHouse
    ) -> None:
        await house.made(models=(CHAT, EMBEDDING))

        found = await house.list_models.execute(house.editor)

        names = [(model.provider, model.name, model.demonstration) for model in found]
        assert names == [
            ("local", "tiny", True),
            ("openai", "chat", False),
            ("openai", "embedding", False),
        ]

    async def test_models_of_one_type_can_be_asked_for(self, house: ProviderHouse) -> None:
        await house.made(models=(CHAT, EMBEDDING))

        found = await house.list_models.execute(house.editor, ModelType.EMBEDDING)

        assert [model.name for model in found] == ["embedding"]

    async def test_a_disabled_providers_models_are_not_listed(self, house: ProviderHouse) -> None:
        made = await house.made()
        await house.changed(made.id, enabled=False)

        found = await house.list_models.execute(house.editor)

        assert {model.provider for model in found} == {"local"}

    async def test_without_a_model_server_nothing_is_built_in(self, house: ProviderHouse) -> None:
        house.built_in = replace(BUILT_IN, base_url=None)

        assert not await house.list_models.execute(house.editor)

    async def test_models_are_shown_to_those_who_may_see_them(self, house: ProviderHouse) -> None:
        with pytest.raises(PermissionDenied):
            await house.list_models.execute(someone(Permission.APP_READ))


class TestResolving:
    async def test_a_tenants_model_is_called_with_its_key_and_is_not_trusted(
        self, house: ProviderHouse
    ) -> None:
        await house.made(models=(CHAT,))

        found = await house.resolve.execute(TENANT, named("openai", "chat"))

        assert (found.context_window, found.max_output) == (CHAT.context_window, CHAT.max_output)
        assert found.endpoint.api_key == SecretText(KEY)
        assert found.endpoint.base_url == "https://api.openai.com/v1"
        assert not found.endpoint.trusted

    async def test_the_built_in_model_is_the_operators(self, house: ProviderHouse) -> None:
        found = await house.resolve.execute(TENANT, named("local", "tiny"))

        assert (found.endpoint.base_url, found.endpoint.trusted) == (BUILT_IN.base_url, True)
        assert found.endpoint.api_key == BUILT_IN.api_key
        assert found.context_window == 2048

    async def test_an_app_that_names_the_embedded_model_gets_what_stands_in_for_it(
        self, house: ProviderHouse
    ) -> None:
        found = await house.resolve.execute(TENANT, named("local", DEFAULT_MODEL))

        assert found.endpoint.model == "tiny"

    async def test_an_operators_own_server_is_asked_for_any_model(
        self, house: ProviderHouse
    ) -> None:
        house.built_in = replace(BUILT_IN, open=True)

        found = await house.resolve.execute(TENANT, named("local", "other"))

        assert (found.endpoint.model, found.context_window) == ("other", 2048)

    async def test_the_embedded_server_has_its_models_only(self, house: ProviderHouse) -> None:
        with pytest.raises(ModelNotFound):
            await house.resolve.execute(TENANT, named("local", "other"))

    async def test_without_a_model_server_the_built_in_model_is_unavailable(
        self, house: ProviderHouse
    ) -> None:
        house.built_in = replace(BUILT_IN, base_url=None)

        with pytest.raises(ModelUnavailable):
            await house.resolve.execute(TENANT, named("local", "tiny"))

    async def test_texts_are_embedded_by_a_server_of_their_own(self, house: ProviderHouse) -> None:
        model = Model(name="embedder", type=ModelType.EMBEDDING)
        own = BuiltInEmbedding(base_url="http://embedding/v1", api_key=None, model=model)
        house.built_in = replace(BUILT_IN, embedding=own)

        for name in (DEFAULT_EMBEDDING, "embedder"):
            found = await house.resolve.execute(
                TENANT, named("local", name), type=ModelType.EMBEDDING
            )
            assert (found.endpoint.base_url, found.endpoint.model) == (own.base_url, "embedder")
        assert "embedder" in [found.name for found in house.built_in.usable()]
        with pytest.raises(ModelTypeMismatch):
            await house.resolve.execute(TENANT, named("local", "embedder"))

    async def test_an_open_server_also_embeds_where_nothing_else_does(
        self, house: ProviderHouse
    ) -> None:
        house.built_in = replace(BUILT_IN, open=True)
        wanted = named("local", DEFAULT_EMBEDDING)

        found = await house.resolve.execute(TENANT, wanted, type=ModelType.EMBEDDING)

        assert found.endpoint.base_url == BUILT_IN.base_url

    async def test_a_name_that_stands_for_nothing_is_told_apart(self, house: ProviderHouse) -> None:
        made = await house.made(models=(CHAT, EMBEDDING))

        with pytest.raises(ModelProviderNotFound):
            await house.resolve.execute(TENANT, named("other", "chat"))
        with pytest.raises(ModelNotFound):
            await house.resolve.execute(TENANT, named("openai", "other"))
        with pytest.raises(ModelTypeMismatch):
            await house.resolve.execute(TENANT, named("openai", "embedding"))
        await house.changed(made.id, enabled=False)
        with pytest.raises(ModelProviderIsDisabled):
            await house.resolve.execute(TENANT, named("openai", "chat"))
