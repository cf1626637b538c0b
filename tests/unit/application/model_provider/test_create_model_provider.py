"""Plugging a provider in."""

import pytest

from dify_hex.application.model_provider.create_model_provider import CreateModelProviderCommand
from dify_hex.application.model_provider.endpoints import credential_context
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.errors import (
    ModelBaseUrlInvalid,
    ModelCredentialRequired,
    ModelProviderBuiltIn,
    ModelProviderKindUnknown,
    ModelProviderNameTaken,
)
from dify_hex.domain.model_provider.model import starter_models
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.model_provider import CHAT, EDITOR, KEY, TENANT, someone
from tests.unit.application.model_provider.conftest import ProviderHouse


async def test_a_provider_is_called_as_its_kind_and_begins_with_its_vendors_models(
    house: ProviderHouse,
) -> None:
    made = await house.made()

    assert (made.name, made.kind, made.base_url, made.enabled) == ("openai", "openai", None, True)
    assert {model.name for model in made.models} == {m.name for m in starter_models("openai")}
    assert house.only().state.created_by == EDITOR
    assert house.database.events_named("model_provider.created")


async def test_the_key_is_stored_sealed_and_shown_by_its_ends_only(house: ProviderHouse) -> None:
    made = await house.made()

    credential = house.only().state.connection.credential
    assert credential is not None
    assert made.credential_hint == credential.hint == "sk-a…wxyz"
    assert KEY.encode() not in credential.blob
    context = credential_context(TENANT, made.id)
    assert house.secrets.open(credential.blob, context=context) == SecretText(KEY)


async def test_the_key_is_not_in_what_a_log_would_show_of_the_command() -> None:
    command = CreateModelProviderCommand(kind="openai", api_key=SecretText(KEY))

    assert KEY not in repr(command)


async def test_at_an_address_of_the_tenants_own_nothing_is_assumed(house: ProviderHouse) -> None:
    made = await house.made(base_url="https://models.example.com")

    assert (made.base_url, made.models) == ("https://models.example.com/v1", ())


async def test_the_owner_can_name_the_models(house: ProviderHouse) -> None:
    made = await house.made(name="mine", models=(CHAT,))

    assert (made.name, made.models) == ("mine", (CHAT,))


@pytest.mark.parametrize(
    "base_url",
    ["http://127.0.0.1:8000/v1", "http://intranet.example.com", "ftp://x", "http://a:b@c.org"],
)
async def test_an_address_that_leads_inside_or_nowhere_is_refused(
    house: ProviderHouse, base_url: str
) -> None:
    with pytest.raises(ModelBaseUrlInvalid):
        await house.made(base_url=base_url)


async def test_a_kind_that_is_at_home_on_this_machine_is_for_the_operator_to_allow(
    house: ProviderHouse,
) -> None:
    with pytest.raises(ModelBaseUrlInvalid) as refused:
        await house.made("ollama", api_key=None)

    assert refused.value.details == {"reason": "private_address"}
    house.private_allowed = True
    made = await house.made("ollama", api_key=None)
    assert (made.base_url, made.credential_hint) == (None, None)


async def test_private_addresses_can_be_allowed(house: ProviderHouse) -> None:
    house.private_allowed = True

    made = await house.made(base_url="http://intranet:9/v1")

    assert made.base_url == "http://intranet:9/v1"


async def test_a_kind_without_an_address_of_its_own_needs_one(house: ProviderHouse) -> None:
    with pytest.raises(ModelBaseUrlInvalid):
        await house.made("openai_compatible")


async def test_a_vendor_needs_a_key(house: ProviderHouse) -> None:
    with pytest.raises(ModelCredentialRequired):
        await house.made(api_key=None)


async def test_an_unknown_kind_is_answered_with_those_there_are(house: ProviderHouse) -> None:
    with pytest.raises(ModelProviderKindUnknown) as refused:
        await house.made("abacus")

    known = refused.value.details["known"]
    assert isinstance(known, list)
    assert "openai_compatible" in known


async def test_a_name_is_used_once_and_never_that_of_the_built_in_provider(
    house: ProviderHouse,
) -> None:
    await house.made()

    with pytest.raises(ModelProviderNameTaken):
        await house.made()
    with pytest.raises(ModelProviderBuiltIn):
        await house.made(name="local")


async def test_looking_at_models_is_not_enough_to_plug_some_in(house: ProviderHouse) -> None:
    house.editor = someone(Permission.MODEL_READ)

    with pytest.raises(PermissionDenied):
        await house.made()
