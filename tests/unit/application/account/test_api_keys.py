"""Keys: shown once, hashed, bound, limited, refused when over."""

from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.application.account.create_api_key import CreateApiKeyCommand, CreatedApiKey
from dify_hex.application.account.revoke_api_key import RevokeApiKeyCommand
from dify_hex.application.account.secret_texts import hash_of, hint_of
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.domain.account.api_key import ApiKey
from dify_hex.domain.account.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyNotFound,
    ApiKeyWithdrawn,
    BoundAppNotFound,
    ScopeAboveOwn,
    TenantFull,
    TenantMismatch,
    TenantSuspended,
    TokenInvalid,
)
from dify_hex.domain.account.permissions import Permission, Role
from dify_hex.domain.shared.ids import ApiKeyId, AppId, TenantId
from tests.builders.account import ADA, LATER, TENANT, a_machine, a_person
from tests.fakes.identity import Identity
from tests.unit.application.account.conftest import APP

RUN = frozenset({Permission.APP_RUN})


async def made(identity: Identity, **changes: object) -> CreatedApiKey:
    wanted = {"name": "bot", "scopes": RUN, **changes}
    command = CreateApiKeyCommand(**wanted)  # type: ignore[arg-type] # a test's shorthand
    return await identity.create_api_key.execute(a_person(), command)


async def test_a_key_does_what_its_scopes_say_and_its_use_is_noted(owned: Identity) -> None:
    key = await made(owned)

    actor = await owned.asks(key.secret)

    assert (actor.tenant_id, actor.permissions) == (TENANT, RUN)
    assert (actor.api_key_id, actor.account_id, actor.bound_app_id) == (key.id, None, None)
    assert owned.usage.uses == [(key.id, owned.clock.now())]


async def test_only_a_hash_and_a_hint_are_kept(owned: Identity) -> None:
    key = await made(owned)

    (stored,) = owned.database.all(ApiKey)
    assert stored.secret_hash == hash_of(key.secret)
    assert stored.hint == hint_of(key.secret) == f"{key.secret[:7]}…{key.secret[-4:]}"
    assert stored.created_by == ADA
    assert len(key.secret) == 46
    assert key.secret not in repr(key)


async def test_a_bound_key_carries_its_app(owned: Identity) -> None:
    key = await made(owned, app_id=APP)

    assert (await owned.asks(key.secret)).bound_app_id == APP


async def test_a_key_cannot_be_bound_to_an_app_that_is_not_there(owned: Identity) -> None:
    with pytest.raises(BoundAppNotFound):
        await made(owned, app_id=AppId(UUID(int=71)))


async def test_a_revoked_key_is_refused_at_once(owned: Identity) -> None:
    key = await made(owned)

    await owned.revoke_api_key.execute(a_person(), RevokeApiKeyCommand(api_key_id=key.id))

    with pytest.raises(ApiKeyWithdrawn):
        await owned.asks(key.secret)
    assert owned.database.events_named("api_key.revoked")


async def test_an_expired_key_is_refused(owned: Identity) -> None:
    key = await made(owned, expires_at=LATER)
    await owned.asks(key.secret)

    owned.clock.turn(timedelta(hours=1))

    with pytest.raises(ApiKeyExpired):
        await owned.asks(key.secret)


async def test_the_keys_of_a_suspended_tenant_are_refused(owned: Identity) -> None:
    key = await made(owned)
    await owned.suspend()

    with pytest.raises(TenantSuspended):
        await owned.asks(key.secret)


async def test_made_up_credentials_are_refused(owned: Identity) -> None:
    with pytest.raises(ApiKeyInvalid):
        await owned.asks("sk-made-up")
    with pytest.raises(TokenInvalid):
        await owned.asks("made-up")


async def test_a_credential_is_good_for_its_own_tenant_only(owned: Identity) -> None:
    key = await made(owned)

    await owned.asks(key.secret, TENANT)
    with pytest.raises(TenantMismatch):
        await owned.asks(key.secret, TenantId(UUID(int=20)))


async def test_nobody_makes_a_key_that_may_do_more_than_they(owned: Identity) -> None:
    command = CreateApiKeyCommand(name="bot", scopes=frozenset({Permission.TENANT_WRITE}))

    with pytest.raises(ScopeAboveOwn):
        await owned.create_api_key.execute(a_person(Role.ADMIN), command)
    with pytest.raises(PermissionDenied):
        await owned.create_api_key.execute(a_person(Role.EDITOR), command)
    machine = a_machine(Permission.KEY_WRITE)
    with pytest.raises(ScopeAboveOwn):
        await owned.create_api_key.execute(machine, command)


async def test_a_tenant_has_no_more_keys_than_its_limits_allow(owned: Identity) -> None:
    keys = [await made(owned) for _ in range(200)]

    with pytest.raises(TenantFull):
        await made(owned)
    await owned.revoke_api_key.execute(a_person(), RevokeApiKeyCommand(api_key_id=keys[0].id))
    await made(owned)


async def test_only_who_may_change_keys_revokes_one_that_is_there(owned: Identity) -> None:
    nothing = RevokeApiKeyCommand(api_key_id=ApiKeyId(UUID(int=9)))

    with pytest.raises(PermissionDenied):
        await owned.revoke_api_key.execute(a_person(Role.EDITOR), nothing)
    with pytest.raises(ApiKeyNotFound):
        await owned.revoke_api_key.execute(a_person(), nothing)
