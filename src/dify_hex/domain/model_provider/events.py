"""What can have happened to a model provider."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.events import DomainEvent
from dify_hex.domain.shared.ids import ModelProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderEvent(DomainEvent):
    """Something happened to one provider."""

    provider_id: ModelProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderCreated(ModelProviderEvent):
    """A tenant has configured a provider."""

    name: ClassVar[str] = "model_provider.created"

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderRenamed(ModelProviderEvent):
    """Apps have to name the provider differently from now on."""

    name: ClassVar[str] = "model_provider.renamed"

    old_name: str
    new_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderReconnected(ModelProviderEvent):
    """The provider has another address or credential."""

    name: ClassVar[str] = "model_provider.reconnected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAdded(ModelProviderEvent):
    """The provider has one model more."""

    name: ClassVar[str] = "model_provider.model_added"

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRemoved(ModelProviderEvent):
    """The provider has one model less."""

    name: ClassVar[str] = "model_provider.model_removed"

    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderDisabled(ModelProviderEvent):
    """The provider's models cannot be used for now."""

    name: ClassVar[str] = "model_provider.disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderEnabled(ModelProviderEvent):
    """The provider's models can be used again."""

    name: ClassVar[str] = "model_provider.enabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProviderDeleted(ModelProviderEvent):
    """The provider is gone, its credential with it."""

    name: ClassVar[str] = "model_provider.deleted"
