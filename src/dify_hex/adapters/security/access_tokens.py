"""Access tokens: JWTs signed with HS256 by keys derived from the master key."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from dify_hex.adapters.security.master_key import Keyring
from dify_hex.application.account.ports import AccessClaims, AccessTokens
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.account.errors import TokenExpired, TokenInvalid
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import AccountId, SessionId, TenantId

_ALGORITHM = "HS256"
_PURPOSE = "access-token"
_ISSUER = "dify-hex"
#: Clocks of two machines may differ by this much.
_LEEWAY = timedelta(seconds=5)
#: Ours are about 700 characters; nobody has to look inside something much longer.
_MAX_LENGTH = 4096
#: What signed claims of another shape than ours come to.
_NOT_OURS = (JoseError, ValueError, KeyError, TypeError, AttributeError, OverflowError, OSError)


class JwtAccessTokens(AccessTokens):
    """Signs with the current key and reads what any key of the ring has signed."""

    def __init__(self, keyring: Keyring) -> None:
        self._header = {"alg": _ALGORITHM, "kid": keyring.current.id}
        self._keys = KeySet(
            [
                OctKey.import_key(key.derive(_PURPOSE), {"kid": key.id, "use": "sig"})
                for key in keyring.keys
            ]
        )

    def issue(self, claims: AccessClaims) -> str:
        payload = {
            "iss": _ISSUER,
            "sub": str(claims.account_id),
            "tenant_id": str(claims.tenant_id),
            "sid": str(claims.session_id),
            "scope": " ".join(sorted(claims.scope)),
            "iat": int(claims.issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
            "jti": str(new_id()),
        }
        return jwt.encode(self._header, payload, self._keys, algorithms=[_ALGORITHM])

    def read(self, token: str, *, now: datetime) -> AccessClaims:
        claims = self._claims(token)
        if now >= claims.expires_at + _LEEWAY:
            raise TokenExpired
        if now < claims.issued_at - _LEEWAY:
            raise TokenInvalid
        return claims

    def _claims(self, token: str) -> AccessClaims:
        if len(token) > _MAX_LENGTH:
            raise TokenInvalid
        try:
            payload: dict[str, Any] = jwt.decode(token, self._keys, algorithms=[_ALGORITHM]).claims
            if payload["iss"] != _ISSUER:
                raise TokenInvalid
            return AccessClaims(
                account_id=AccountId(UUID(payload["sub"])),
                tenant_id=TenantId(UUID(payload["tenant_id"])),
                session_id=SessionId(UUID(payload["sid"])),
                scope=frozenset(map(Permission, payload["scope"].split())),
                issued_at=datetime.fromtimestamp(payload["iat"], UTC),
                expires_at=datetime.fromtimestamp(payload["exp"], UTC),
            )
        except _NOT_OURS as error:
            raise TokenInvalid from error
