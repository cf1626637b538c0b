"""The use case that makes an API key and shows it once."""

from dataclasses import dataclass, field
from datetime import datetime

from dify_hex.application.account.ports import AccountWork, KnownApps
from dify_hex.application.account.secret_texts import hash_of, hint_of, new_api_key
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.api_key import ApiKey, ApiKeyKind
from dify_hex.domain.account.errors import BoundAppNotFound
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import ApiKeyId, AppId


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKeyCommand:
    """What the key is called, what it may do, to which app it is bound and when it expires."""

    name: str
    scopes: frozenset[Permission]
    app_id: AppId | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedApiKey:
    """The key; `secret` is told here and never again."""

    id: ApiKeyId
    secret: str = field(repr=False)


class CreateApiKey:
    """Make a key for machines.

    - Only a hash of it is stored; the text is shown once.
    - It can do nothing that its maker may not; bound to an app, nothing outside of that app.
    - A tenant has no more usable keys than its limits allow.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock, known_apps: KnownApps) -> None:
        self._begin = begin
        self._clock = clock
        self._known_apps = known_apps

    async def execute(self, actor: Actor, command: CreateApiKeyCommand) -> CreatedApiKey:
        """Make it.

        Raises:
            PermissionDenied: the actor may not make keys.
            BoundAppNotFound: the app does not exist.
            TenantFull: the tenant has as many keys as it may.
            InvalidInput: a scope, the expiry or the name is wrong; its own subclass says which.
            ScopeAboveOwn: the actor lacks one of the scopes.
        """
        actor.require(Permission.KEY_WRITE)
        app_id = command.app_id
        if app_id is not None and not await self._known_apps.has(actor.tenant_id, app_id):
            raise BoundAppNotFound
        secret = new_api_key(ApiKeyKind.SECRET)
        async with self._begin(actor.tenant_id) as work:
            tenant = await work.tenants.get()
            tenant.limits.admit_api_key(await work.api_keys.count_usable())
            key = ApiKey.create(
                id=ApiKeyId(new_id()),
                tenant_id=actor.tenant_id,
                name=command.name,
                secret_hash=hash_of(secret),
                hint=hint_of(secret),
                scopes=command.scopes,
                granted=actor.permissions,
                app_id=app_id,
                expires_at=command.expires_at,
                created_by=actor.account_id,
                now=self._clock.now(),
            )
            work.api_keys.add(key)
            await work.commit()
        return CreatedApiKey(id=key.id, secret=secret)
