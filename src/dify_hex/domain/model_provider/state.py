"""Everything a model provider remembers, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from dify_hex.domain.model_provider.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCredential:
    """An encrypted credential; `hint` shows its first and last characters to its owner."""

    blob: bytes = field(repr=False)
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a provider is and what lets one in; a None address is the kind's own."""

    base_url: str | None = None
    credential: SealedCredential | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderState:
    """A provider at one moment; its models are in the order of their names."""

    name: str
    connection: Connection
    models: tuple[Model, ...]
    enabled: bool
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None

    def model(self, name: str) -> Model | None:
        """The model of that name, if the provider has it."""
        return next((model for model in self.models if model.name == name), None)
