"""Changing a provider, and unplugging it."""

import pytest

from dify_hex.application.model_provider.change_model_provider import Replacement
from dify_hex.application.model_provider.delete_model_provider import DeleteModelProviderCommand
from dify_hex.application.model_provider.endpoints import credential_context
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.errors import (
    ModelBaseUrlInvalid,
    ModelCredentialRequired,
    ModelProviderNameTaken,
    ModelProviderNotFound,
)
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.values.secret_text import SecretText
from tests.builders.model_provider import CHAT, EMBEDDING, TENANT, someone
from tests.unit.application.model_provider.conftest import ProviderHouse

ELSEWHERE = "https://models.example.com/v1"
NEW_KEY = SecretText("sk-another-key-of-many-letters")


async def test_what_is_not_named_stays_as_it_is(house: ProviderHouse) -> None:
    made = await house.made()

    assert await house.changed(made.id) == made


async def test_everything_changes_at_once(house: ProviderHouse) -> None:
    made = await house.made(models=(CHAT,))

    changed = await house.changed(
        made.id,
        name="mine",
        base_url=Replacement(ELSEWHERE),
        api_key=Replacement(NEW_KEY),
        models=(EMBEDDING,),
        enabled=False,
        expected_version=1,
    )

    assert (changed.name, changed.base_url, changed.credential_hint) == (
        "mine",
        ELSEWHERE,
        NEW_KEY.hint,
    )
    assert (changed.models, changed.enabled, changed.version) == ((EMBEDDING,), False, 2)
    names = {event.name.partition(".")[2] for event in house.database.events}
    assert names == {
        "created",
        "renamed",
        "reconnected",
        "model_added",
        "model_removed",
        "disabled",
    }


async def test_a_provider_can_be_switched_on_again(house: ProviderHouse) -> None:
    made = await house.made()
    await house.changed(made.id, enabled=False)

    assert (await house.changed(made.id, enabled=True)).enabled


async def test_a_new_key_replaces_the_old_one(house: ProviderHouse) -> None:
    made = await house.made()

    await house.changed(made.id, api_key=Replacement(NEW_KEY))

    credential = house.only().state.connection.credential
    assert credential is not None
    context = credential_context(TENANT, made.id)
    assert house.secrets.open(credential.blob, context=context) == NEW_KEY


async def test_a_stored_key_is_not_led_to_another_address(house: ProviderHouse) -> None:
    made = await house.made()

    with pytest.raises(ModelCredentialRequired):
        await house.changed(made.id, base_url=Replacement(ELSEWHERE))
    assert house.only().state.connection.base_url is None


async def test_a_vendors_key_cannot_be_left_out_but_that_of_a_free_server_can(
    house: ProviderHouse,
) -> None:
    vendor = await house.made()
    server = await house.made("openai_compatible", base_url=ELSEWHERE)

    with pytest.raises(ModelCredentialRequired):
        await house.changed(vendor.id, api_key=Replacement(None))
    changed = await house.changed(server.id, api_key=Replacement(None))
    assert changed.credential_hint is None


async def test_an_address_can_be_given_back(house: ProviderHouse) -> None:
    made = await house.made(base_url=ELSEWHERE)

    changed = await house.changed(made.id, base_url=Replacement(None), api_key=Replacement(NEW_KEY))

    assert changed.base_url is None


async def test_an_address_inside_is_refused_also_later(house: ProviderHouse) -> None:
    made = await house.made("openai_compatible", base_url=ELSEWHERE, api_key=None)
    own = await house.made("ollama", base_url=ELSEWHERE, api_key=None)

    with pytest.raises(ModelBaseUrlInvalid):
        await house.changed(made.id, base_url=Replacement("http://169.254.169.254/latest"))
    with pytest.raises(ModelBaseUrlInvalid):
        await house.changed(made.id, base_url=Replacement(None))
    with pytest.raises(ModelBaseUrlInvalid):
        await house.changed(own.id, base_url=Replacement(None))


async def test_nothing_changes_for_who_has_seen_another_version(house: ProviderHouse) -> None:
    made = await house.made()

    with pytest.raises(StaleVersion):
        await house.changed(made.id, name="mine", expected_version=7)
    assert house.only().state.name == "openai"


async def test_two_providers_do_not_share_a_name(house: ProviderHouse) -> None:
    await house.made()
    second = await house.made(name="second")

    with pytest.raises(ModelProviderNameTaken):
        await house.changed(second.id, name="openai")


async def test_another_tenants_provider_does_not_exist(house: ProviderHouse) -> None:
    made = await house.made()
    house.editor = someone(tenant_id=TenantId(new_id()))

    with pytest.raises(ModelProviderNotFound):
        await house.changed(made.id, name="mine")
    with pytest.raises(ModelProviderNotFound):
        await house.delete.execute(house.editor, DeleteModelProviderCommand(provider_id=made.id))


async def test_an_unplugged_provider_is_gone_with_its_key(house: ProviderHouse) -> None:
    made = await house.made()
    command = DeleteModelProviderCommand(provider_id=made.id, expected_version=1)

    await house.delete.execute(house.editor, command)

    assert not house.database.all(ModelProvider)
    assert house.database.events_named("model_provider.deleted")
    await house.made()


async def test_only_the_version_that_was_seen_is_unplugged(house: ProviderHouse) -> None:
    made = await house.made()
    command = DeleteModelProviderCommand(provider_id=made.id, expected_version=2)

    with pytest.raises(StaleVersion):
        await house.delete.execute(house.editor, command)


async def test_looking_at_models_is_not_enough(house: ProviderHouse) -> None:
    house.editor = someone(Permission.MODEL_READ)
    command = DeleteModelProviderCommand(provider_id=ModelProviderId(new_id()))

    with pytest.raises(PermissionDenied):
        await house.changed(command.provider_id)
    with pytest.raises(PermissionDenied):
        await house.delete.execute(house.editor, command)
