"""Model providers and models as they are shown, and as a call needs them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.state import Connection
from dify_hex.domain.shared.ids import ModelProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderDetail:
    """One provider without its credential; `credential_hint` is None when it has none."""

    id: ModelProviderId
    name: str
    kind: str
    base_url: str | None
    credential_hint: str | None
    models: tuple[Model, ...]
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, provider: ModelProvider) -> Self:
        """What may be shown of the provider."""
        state = provider.state
        credential = state.connection.credential
        return cls(
            id=provider.id,
            name=state.name,
            kind=provider.kind.name,
            base_url=state.connection.base_url,
            credential_hint=None if credential is None else credential.hint,
            models=state.models,
            enabled=state.enabled,
            version=provider.version,
            created_at=state.created_at,
            updated_at=state.updated_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableProvider:
    """What resolving a model needs to know about its provider."""

    id: ModelProviderId
    kind: str
    connection: Connection
    models: tuple[Model, ...]
    enabled: bool

    @classmethod
    def of(cls, provider: ModelProvider) -> Self:
        """What a call of the provider needs."""
        return cls(
            id=provider.id,
            kind=provider.kind.name,
            connection=provider.state.connection,
            models=provider.state.models,
            enabled=provider.state.enabled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableModel:
    """A model that the tenant can use now; `demonstration` marks one fit for trying out only."""

    provider: str
    name: str
    type: ModelType
    context_window: int
    max_output: int | None
    demonstration: bool = False
