"""Access tokens: what we sign we read, and nothing else."""

import base64
import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from dify_hex.adapters.security.access_tokens import JwtAccessTokens
from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.account.ports import AccessClaims
from dify_hex.domain.account.errors import TokenExpired, TokenInvalid
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AccountId, SessionId, TenantId
from tests.builders.account import NOW

KEY = MasterKey("new", b"n" * 32)
OLD = MasterKey("old", b"o" * 32)
CLAIMS = AccessClaims(
    account_id=AccountId(UUID(int=1)),
    tenant_id=TenantId(UUID(int=2)),
    session_id=SessionId(UUID(int=3)),
    scope=frozenset({Permission.APP_READ, Permission.APP_RUN}),
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=15),
)
TOKENS = JwtAccessTokens(Keyring((KEY,)))


def forged(changes: dict[str, object], key: bytes | None = None) -> str:
    """A token with other claims, signed well unless a key is given."""
    key = key or KEY.derive("access-token")
    claims = {**payload_of(TOKENS.issue(CLAIMS)), **changes}
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode({"alg": "HS256", "kid": "new"}, kept, OctKey.import_key(key))


def payload_of(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def test_what_was_signed_is_read() -> None:
    assert TOKENS.read(TOKENS.issue(CLAIMS), now=NOW) == CLAIMS


def test_a_token_says_what_the_conventions_ask_for() -> None:
    payload = payload_of(TOKENS.issue(CLAIMS))

    assert payload["sub"] == str(CLAIMS.account_id)
    assert payload["tenant_id"] == str(CLAIMS.tenant_id)
    assert payload["scope"] == "app:read app:run"
    assert payload["exp"] == payload["iat"] + 900  # type: ignore[operator] # both are numbers
    assert payload["jti"] != payload_of(TOKENS.issue(CLAIMS))["jti"]


@pytest.mark.parametrize(
    ("seconds", "error"), [(904, None), (905, TokenExpired), (-5, None), (-6, TokenInvalid)]
)
def test_a_token_is_good_for_its_time_give_or_take_a_few_seconds(
    seconds: int, error: type[Exception] | None
) -> None:
    token, now = TOKENS.issue(CLAIMS), NOW + timedelta(seconds=seconds)

    if error is None:
        assert TOKENS.read(token, now=now) == CLAIMS
    else:
        with pytest.raises(error):
            TOKENS.read(token, now=now)


def test_tokens_signed_before_a_rotation_are_still_read() -> None:
    before = JwtAccessTokens(Keyring((OLD,))).issue(CLAIMS)

    assert JwtAccessTokens(Keyring((KEY, OLD))).read(before, now=NOW) == CLAIMS
    with pytest.raises(TokenInvalid):
        TOKENS.read(before, now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody else"},
        {"sub": "nobody"},
        {"sub": ...},
        {"tenant_id": 7},
        {"sid": ...},
        {"scope": "moon:walk"},
        {"exp": "tomorrow"},
        {"exp": 10**30},
        {"exp": None},
    ],
)
def test_a_signed_token_with_other_claims_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(TokenInvalid):
        TOKENS.read(forged(changes), now=NOW)


def test_a_token_signed_by_somebody_else_is_refused() -> None:
    with pytest.raises(TokenInvalid):
        TOKENS.read(forged({}, b"x" * 32), now=NOW)


def test_an_unsigned_token_is_refused() -> None:
    head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"new"}').rstrip(b"=").decode()
    body = TOKENS.issue(CLAIMS).split(".")[1]

    for token in (f"{head}.{body}.", f"{head}.{body}"):
        with pytest.raises(TokenInvalid):
            TOKENS.read(token, now=NOW)


@given(st.text(max_size=200) | st.just("x" * 5000))
def test_whatever_comes_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises((TokenInvalid, TokenExpired)):
        TOKENS.read(text, now=datetime.fromtimestamp(0, NOW.tzinfo))
