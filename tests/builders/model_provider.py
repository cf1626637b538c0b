"""Model providers as tests need them: one keyed vendor, one server of the tenant's own."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.kinds import kind_named
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.state import Connection, SealedCredential
from dify_hex.domain.shared.ids import AccountId, ModelProviderId, TenantId

TENANT = TenantId(UUID("019aa0f0-0000-7000-8000-0000000000a1"))
PROVIDER = ModelProviderId(UUID("019aa0f0-0000-7000-8000-0000000000b1"))
EDITOR = UUID("019aa0f0-0000-7000-8000-0000000000c1")
KEY = "sk-abcdefghijklmnopqrstuvwxyz"
CHAT = Model(name="chat", context_window=4096, max_output=512)
EMBEDDING = Model(name="embedding", type=ModelType.EMBEDDING)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CREDENTIAL = SealedCredential(blob=b"sealed", hint="sk-a…wxyz")
OTHER_CREDENTIAL = SealedCredential(blob=b"sealed again", hint="sk-b…wxyz")


def someone(*permissions: Permission, tenant_id: TenantId = TENANT) -> Actor:
    """An account of the tenant; without permissions named it has those of models."""
    return Actor(
        tenant_id=tenant_id,
        permissions=frozenset(permissions or (Permission.MODEL_READ, Permission.MODEL_WRITE)),
        account_id=AccountId(EDITOR),
    )


def new_provider(
    name: str = "acme",
    *,
    kind: str = "openai",
    base_url: str | None = None,
    credential: SealedCredential | None = CREDENTIAL,
    models: tuple[Model, ...] = (Model(name="large"), Model(name="small")),
) -> ModelProvider:
    """A provider that was just made, its event still with it."""
    return ModelProvider.create(
        id=PROVIDER,
        tenant_id=TENANT,
        kind=kind_named(kind),
        name=name,
        connection=Connection(base_url=base_url, credential=credential),
        models=models,
        now=NOW,
        by=EDITOR,
    )


def stored(provider: ModelProvider) -> ModelProvider:
    """The same provider as it is loaded another time."""
    return ModelProvider(
        id=provider.id,
        tenant_id=provider.tenant_id,
        kind=provider.kind,
        state=provider.state,
        version=provider.version,
    )
