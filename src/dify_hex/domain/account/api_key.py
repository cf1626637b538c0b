"""A credential for machines: shown once, stored as a hash, for a tenant or for one of its apps."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from dify_hex.domain.account.errors import ExpiryInPast, NoScopes, ScopeAboveOwn, ScopeNotForApp
from dify_hex.domain.account.events import ApiKeyCreated, ApiKeyRevoked
from dify_hex.domain.account.names import checked_name
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.aggregate import Aggregate
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, TenantId

#: What a key bound to one app can be allowed: nothing that reaches beyond that app.
APP_SCOPES = frozenset(
    {
        Permission.APP_READ,
        Permission.APP_WRITE,
        Permission.APP_PUBLISH,
        Permission.APP_RUN,
        Permission.CONVERSATION_READ,
        Permission.CONVERSATION_WRITE,
        Permission.RUN_READ,
        Permission.RUN_CONTROL,
    }
)


class ApiKeyKind(StrEnum):
    """What a key's text begins with; a secret key must never reach a browser."""

    SECRET = "sk"  # noqa: S105 - the public prefix, not a password


class ApiKey(Aggregate):
    """A key whose scopes never exceed those of whoever made it."""

    def __init__(
        self,
        *,
        id: ApiKeyId,
        tenant_id: TenantId,
        kind: ApiKeyKind,
        name: str,
        secret_hash: bytes,
        hint: str,
        scopes: frozenset[Permission],
        app_id: AppId | None,
        expires_at: datetime | None,
        revoked_at: datetime | None,
        created_by: AccountId | None,
        created_at: datetime,
        updated_at: datetime,
        version: int,
    ) -> None:
        super().__init__(version=version)
        self._id = id
        self._tenant_id = tenant_id
        self._kind = kind
        self._name = name
        self._secret_hash = secret_hash
        self._hint = hint
        self._scopes = scopes
        self._app_id = app_id
        self._expires_at = expires_at
        self._revoked_at = revoked_at
        self._created_by = created_by
        self._created_at = created_at
        self._updated_at = updated_at

    @classmethod
    def create(
        cls,
        *,
        id: ApiKeyId,
        tenant_id: TenantId,
        name: str,
        secret_hash: bytes,
        hint: str,
        scopes: Collection[Permission],
        granted: frozenset[Permission],
        app_id: AppId | None,
        expires_at: datetime | None,
        created_by: AccountId | None,
        now: datetime,
    ) -> "ApiKey":
        """A new secret key; `granted` is what its maker may do, `hint` what lists show of it.

        Raises:
            NoScopes: it could do nothing.
            ScopeAboveOwn: it could do what its maker may not.
            ScopeNotForApp: it is bound to an app and could do something outside of it.
            ExpiryInPast: it would have expired already.
            InvalidName: the name cannot be shown.
        """
        wanted = frozenset(scopes)
        _check_scopes(wanted, granted, bound=app_id is not None)
        if expires_at is not None and expires_at <= now:
            raise ExpiryInPast
        key = cls(
            id=id,
            tenant_id=tenant_id,
            kind=ApiKeyKind.SECRET,
            name=checked_name(name),
            secret_hash=secret_hash,
            hint=hint,
            scopes=wanted,
            app_id=app_id,
            expires_at=expires_at,
            revoked_at=None,
            created_by=created_by,
            created_at=now,
            updated_at=now,
            version=0,
        )
        key._changed(
            ApiKeyCreated(
                tenant_id=tenant_id,
                occurred_at=now,
                api_key_id=id,
                hint=hint,
                app_id=app_id,
                created_by=created_by,
            )
        )
        return key

    @property
    def id(self) -> ApiKeyId:
        return self._id

    @property
    def tenant_id(self) -> TenantId:
        return self._tenant_id

    @property
    def kind(self) -> ApiKeyKind:
        return self._kind

    @property
    def name(self) -> str:
        return self._name

    @property
    def secret_hash(self) -> bytes:
        return self._secret_hash

    @property
    def hint(self) -> str:
        return self._hint

    @property
    def scopes(self) -> frozenset[Permission]:
        return self._scopes

    @property
    def app_id(self) -> AppId | None:
        return self._app_id

    @property
    def expires_at(self) -> datetime | None:
        return self._expires_at

    @property
    def revoked_at(self) -> datetime | None:
        return self._revoked_at

    @property
    def created_by(self) -> AccountId | None:
        return self._created_by

    @property
    def created_at(self) -> datetime:
        return self._created_at

    @property
    def updated_at(self) -> datetime:
        return self._updated_at

    def revoke(self, *, by: AccountId | None, now: datetime) -> None:
        """Make it useless at once; a second time changes nothing."""
        if self._revoked_at is not None:
            return
        self._revoked_at = now
        self._updated_at = now
        self._changed(
            ApiKeyRevoked(
                tenant_id=self._tenant_id,
                occurred_at=now,
                api_key_id=self._id,
                hint=self._hint,
                revoked_by=by,
            )
        )


def _check_scopes(
    wanted: frozenset[Permission], granted: frozenset[Permission], *, bound: bool
) -> None:
    if not wanted:
        raise NoScopes
    if excess := wanted - granted:
        raise ScopeAboveOwn(scopes=[*sorted(excess)])
    if bound and (outside := wanted - APP_SCOPES):
        raise ScopeNotForApp(scopes=[*sorted(outside)])
