"""Model providers and models as they are shown, and as a call needs them."""

from dataclasses import dataclass
from datetime import datetime

from dify_hex.domain.model_provider.model import Model, ModelType
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallableProvider:
    """What resolving a model needs to know about its provider."""

    id: ModelProviderId
    kind: str
    connection: Connection
    models: tuple[Model, ...]
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableModel:
    """A model that the tenant can use now; `demonstration` marks one fit for trying out only."""

    provider: str
    name: str
    type: ModelType
    context_window: int
    max_output: int | None
    demonstration: bool = False
