"""What a key may be allowed, and how it ends."""

from uuid import UUID

import pytest

from dify_hex.application.account.secret_texts import hash_of
from dify_hex.domain.account.api_key import APP_SCOPES, ApiKeyKind
from dify_hex.domain.account.errors import (
    ExpiryInPast,
    InvalidName,
    NoScopes,
    ScopeAboveOwn,
    ScopeNotForApp,
)
from dify_hex.domain.account.events import ApiKeyCreated, ApiKeyRevoked
from dify_hex.domain.account.permissions import Permission, Role, permissions_of
from dify_hex.domain.shared.ids import ApiKeyId, AppId
from tests.builders.account import ADA, GRACE, LATER, NOW, TENANT, a_key

APP = AppId(UUID(int=7))
KEY = ApiKeyId(UUID(int=8))


def test_a_new_key_knows_its_hash_and_hint_and_tells_of_its_birth() -> None:
    key = a_key(id=KEY, secret="sk-one", app_id=APP, expires_at=LATER)

    assert (key.id, key.tenant_id, key.kind, key.name) == (KEY, TENANT, ApiKeyKind.SECRET, "bot")
    assert key.secret_hash == hash_of("sk-one")
    assert (key.app_id, key.expires_at, key.revoked_at) == (APP, LATER, None)
    assert (key.created_by, key.created_at, key.updated_at) == (ADA, NOW, NOW)
    assert key.pull_events() == (
        ApiKeyCreated(
            tenant_id=TENANT,
            occurred_at=NOW,
            api_key_id=KEY,
            hint=key.hint,
            app_id=APP,
            created_by=ADA,
        ),
    )


def test_a_key_without_scopes_is_refused() -> None:
    with pytest.raises(NoScopes):
        a_key(scopes=frozenset())


def test_a_key_gets_no_scope_that_its_maker_lacks() -> None:
    with pytest.raises(ScopeAboveOwn) as refused:
        a_key(
            scopes=frozenset({Permission.APP_READ, Permission.TENANT_WRITE}),
            granted=permissions_of(Role.ADMIN),
        )
    assert refused.value.details == {"scopes": ["tenant:write"]}


@pytest.mark.parametrize("scope", sorted(frozenset(Permission) - APP_SCOPES))
def test_a_bound_key_gets_nothing_that_reaches_beyond_its_app(scope: Permission) -> None:
    with pytest.raises(ScopeNotForApp):
        a_key(scopes=frozenset({scope}), app_id=APP)
    assert a_key(scopes=frozenset({scope})).scopes == {scope}


def test_a_bound_key_may_get_everything_that_concerns_its_app() -> None:
    assert a_key(scopes=APP_SCOPES, app_id=APP).scopes == APP_SCOPES


def test_an_expiry_that_is_not_in_the_future_is_refused() -> None:
    with pytest.raises(ExpiryInPast):
        a_key(expires_at=NOW)


def test_a_key_has_a_name_that_can_be_shown() -> None:
    with pytest.raises(InvalidName):
        a_key(name="")


def test_revoking_is_told_once() -> None:
    key = a_key(id=KEY)
    key.pull_events()

    key.revoke(by=GRACE, now=LATER)
    key.revoke(by=ADA, now=LATER)

    assert (key.revoked_at, key.updated_at) == (LATER, LATER)
    (revoked,) = key.pull_events()
    assert isinstance(revoked, ApiKeyRevoked)
    assert revoked.revoked_by == GRACE
