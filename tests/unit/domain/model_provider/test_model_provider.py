"""The model provider: plugged in, renamed, reconnected, filled with models, switched off."""

import pytest

from dify_hex.domain.model_provider.errors import (
    ModelBaseUrlInvalid,
    ModelCredentialRequired,
    ModelExists,
    ModelProviderBuiltIn,
    ModelProviderNameInvalid,
    TooManyModels,
)
from dify_hex.domain.model_provider.events import (
    ModelAdded,
    ModelProviderCreated,
    ModelProviderDeleted,
    ModelProviderDisabled,
    ModelProviderEnabled,
    ModelProviderReconnected,
    ModelProviderRenamed,
    ModelRemoved,
)
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.model_provider.model_provider import MAX_MODELS, ModelProvider
from dify_hex.domain.model_provider.state import Connection
from tests.builders.model_provider import (
    CREDENTIAL,
    EDITOR,
    LATER,
    NOW,
    OTHER_CREDENTIAL,
    PROVIDER,
    TENANT,
    new_provider,
    stored,
)

ELSEWHERE = "https://models.example/v1"


def a_provider() -> ModelProvider:
    return stored(new_provider())


def model_names(provider: ModelProvider) -> list[str]:
    return [model.name for model in provider.state.models]


def test_a_new_provider_is_enabled_and_knows_who_made_it() -> None:
    provider = new_provider()

    state = provider.state
    assert (provider.version, state.name, state.enabled) == (1, "acme", True)
    assert (state.created_at, state.created_by, state.updated_by) == (NOW, EDITOR, EDITOR)
    assert provider.pull_events() == (
        ModelProviderCreated(
            tenant_id=TENANT, occurred_at=NOW, provider_id=PROVIDER, kind="openai"
        ),
    )


def test_a_stored_provider_raises_no_events() -> None:
    assert a_provider().pull_events() == ()


@pytest.mark.parametrize("name", ["a", "acme-2", "my_models", "0", "a" * 50])
def test_a_name_is_a_slug(name: str) -> None:
    assert new_provider(name).state.name == name


@pytest.mark.parametrize("name", ["", "Acme", "-a", "a b", "a/b", "模型", "a" * 51, "a\n"])
def test_a_name_that_is_no_slug_is_refused(name: str) -> None:
    with pytest.raises(ModelProviderNameInvalid):
        new_provider(name)


def test_the_built_in_providers_name_cannot_be_had() -> None:
    with pytest.raises(ModelProviderBuiltIn):
        new_provider("local")
    with pytest.raises(ModelProviderBuiltIn):
        a_provider().rename("local", now=LATER, by=EDITOR)


def test_a_vendor_needs_its_key() -> None:
    with pytest.raises(ModelCredentialRequired):
        new_provider(credential=None)


def test_a_server_of_ones_own_needs_an_address_but_no_key() -> None:
    with pytest.raises(ModelBaseUrlInvalid) as refused:
        new_provider(kind="openai_compatible", credential=None)
    assert refused.value.details == {"reason": "required"}

    own = new_provider(kind="openai_compatible", base_url=ELSEWHERE, credential=None)
    assert own.state.connection == Connection(base_url=ELSEWHERE, credential=None)


def test_models_stand_in_the_order_of_their_names() -> None:
    assert model_names(new_provider(models=(Model(name="b"), Model(name="a")))) == ["a", "b"]


def test_no_two_models_have_one_name() -> None:
    with pytest.raises(ModelExists) as refused:
        new_provider(models=(Model(name="a"), Model(name="b"), Model(name="a", max_output=5)))
    assert refused.value.details == {"model": "a"}


def test_a_provider_takes_only_so_many_models() -> None:
    fitting = tuple(Model(name=f"m{number}") for number in range(MAX_MODELS))
    assert len(new_provider(models=fitting).state.models) == MAX_MODELS
    with pytest.raises(TooManyModels):
        new_provider(models=(*fitting, Model(name="more")))


def test_renaming_tells_both_names() -> None:
    provider = a_provider()

    provider.rename("acme-eu", now=LATER, by=None)

    assert provider.state.name == "acme-eu"
    assert (provider.state.updated_at, provider.state.updated_by) == (LATER, None)
    assert provider.pull_events() == (
        ModelProviderRenamed(
            tenant_id=TENANT,
            occurred_at=LATER,
            provider_id=PROVIDER,
            old_name="acme",
            new_name="acme-eu",
        ),
    )


def test_renaming_to_the_same_name_changes_nothing() -> None:
    provider = a_provider()
    provider.rename("acme", now=LATER, by=EDITOR)
    assert (provider.version, provider.pull_events()) == (1, ())


def test_a_key_is_replaced_at_the_same_address() -> None:
    provider = a_provider()

    provider.reconnect(Connection(credential=OTHER_CREDENTIAL), now=LATER, by=EDITOR)

    assert provider.state.connection.credential == OTHER_CREDENTIAL
    assert provider.version == 2
    assert [type(event) for event in provider.pull_events()] == [ModelProviderReconnected]


def test_a_stored_key_cannot_be_led_to_another_address() -> None:
    provider = a_provider()
    with pytest.raises(ModelCredentialRequired):
        provider.reconnect(
            Connection(base_url=ELSEWHERE, credential=CREDENTIAL), now=LATER, by=EDITOR
        )
    assert provider.state.connection == Connection(credential=CREDENTIAL)


def test_address_and_key_are_replaced_together() -> None:
    provider = a_provider()
    moved = Connection(base_url=ELSEWHERE, credential=OTHER_CREDENTIAL)
    provider.reconnect(moved, now=LATER, by=EDITOR)
    assert provider.state.connection == moved


def test_a_server_without_a_key_may_move() -> None:
    provider = stored(new_provider(kind="openai_compatible", base_url=ELSEWHERE, credential=None))
    moved = Connection(base_url="https://other.example/v1")
    provider.reconnect(moved, now=LATER, by=EDITOR)
    assert provider.state.connection == moved


def test_reconnecting_to_the_same_changes_nothing() -> None:
    provider = a_provider()
    provider.reconnect(provider.state.connection, now=LATER, by=EDITOR)
    assert (provider.version, provider.pull_events()) == (1, ())


def test_a_vendors_key_cannot_be_taken_away() -> None:
    with pytest.raises(ModelCredentialRequired):
        a_provider().reconnect(Connection(), now=LATER, by=EDITOR)


def test_offering_other_models_tells_which_came_and_went() -> None:
    provider = a_provider()

    provider.offer([Model(name="small"), Model(name="tiny")], now=LATER, by=EDITOR)

    assert model_names(provider) == ["small", "tiny"]
    told = [(type(event), event.model) for event in _model_events(provider)]
    assert told == [(ModelRemoved, "large"), (ModelAdded, "tiny")]


def test_a_model_of_other_sizes_is_another_model() -> None:
    provider = a_provider()
    provider.offer(
        [Model(name="large", context_window=32), Model(name="small")], now=LATER, by=None
    )
    told = [(type(event), event.model) for event in _model_events(provider)]
    assert told == [(ModelRemoved, "large"), (ModelAdded, "large")]


def test_offering_the_same_models_in_another_order_changes_nothing() -> None:
    provider = a_provider()
    provider.offer(reversed(provider.state.models), now=LATER, by=EDITOR)
    assert (provider.version, provider.pull_events()) == (1, ())


def test_a_provider_is_switched_off_and_on_once() -> None:
    provider = a_provider()

    provider.enable(now=LATER, by=EDITOR)
    provider.disable(now=LATER, by=EDITOR)
    provider.disable(now=LATER, by=EDITOR)
    switched_off = provider.state
    provider.enable(now=LATER, by=EDITOR)
    assert (switched_off.enabled, provider.state.enabled) == (False, True)

    told = [type(event) for event in provider.pull_events()]
    assert told == [ModelProviderDisabled, ModelProviderEnabled]


def test_a_provider_says_that_it_goes() -> None:
    provider = a_provider()
    provider.delete(now=LATER)
    assert provider.pull_events() == (
        ModelProviderDeleted(tenant_id=TENANT, occurred_at=LATER, provider_id=PROVIDER),
    )


def test_a_model_is_found_by_its_name() -> None:
    state = a_provider().state
    assert state.model("small") == Model(name="small")
    assert state.model("none") is None


def test_a_sealed_credential_shows_its_hint_only() -> None:
    assert "sealed" not in repr(CREDENTIAL).replace("SealedCredential", "")
    assert CREDENTIAL.hint in repr(CREDENTIAL)


def _model_events(provider: ModelProvider) -> list[ModelAdded | ModelRemoved]:
    return [
        event for event in provider.pull_events() if isinstance(event, ModelAdded | ModelRemoved)
    ]
