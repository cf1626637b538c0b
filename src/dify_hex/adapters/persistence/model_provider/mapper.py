"""Model providers to rows and back."""

from typing import Any

from pydantic import TypeAdapter

from dify_hex.adapters.persistence.model_provider.rows import ModelProviderRow
from dify_hex.domain.model_provider.kinds import kind_named
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.state import Connection, ProviderState, SealedCredential
from dify_hex.domain.shared.ids import ModelProviderId, TenantId

_MODELS = TypeAdapter(tuple[Model, ...])


def to_domain(row: ModelProviderRow) -> ModelProvider:
    """The provider of a row."""
    return ModelProvider(
        id=ModelProviderId(row.id),
        tenant_id=TenantId(row.tenant_id),
        kind=kind_named(row.kind),
        version=row.version,
        state=ProviderState(
            name=row.name,
            connection=connection_of(row.base_url, row.credential, row.credential_hint),
            models=models_of(row.models),
            enabled=row.enabled,
            created_at=row.created_at,
            created_by=row.created_by,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
        ),
    )


def write(provider: ModelProvider, row: ModelProviderRow) -> None:
    """Copy the provider to its row."""
    state = provider.state
    credential = state.connection.credential
    row.id = provider.id
    row.tenant_id = provider.tenant_id
    row.kind = provider.kind.name
    row.version = provider.version
    row.name = state.name
    row.base_url = state.connection.base_url
    row.credential = None if credential is None else credential.blob
    row.credential_hint = None if credential is None else credential.hint
    row.models = _models_to_json(state.models)
    row.enabled = state.enabled
    row.created_at = state.created_at
    row.created_by = state.created_by
    row.updated_at = state.updated_at
    row.updated_by = state.updated_by


def connection_of(base_url: str | None, blob: bytes | None, hint: str | None) -> Connection:
    """Where the provider is, from the three columns that say so."""
    credential = None
    if blob is not None and hint is not None:
        credential = SealedCredential(blob=blob, hint=hint)
    return Connection(base_url=base_url, credential=credential)


def models_of(tree: object) -> tuple[Model, ...]:
    """The models that are stored as a JSON list."""
    return _MODELS.validate_python(tree)


def _models_to_json(models: tuple[Model, ...]) -> list[dict[str, object]]:
    tree: list[dict[str, Any]] = _MODELS.dump_python(models, mode="json")
    return tree
