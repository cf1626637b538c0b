"""Where model providers are kept."""

from abc import abstractmethod
from typing import Protocol

from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.shared.ids import ModelProviderId


class ModelProviderRepository(Protocol):
    """Model providers of the unit of work's tenant."""

    @abstractmethod
    async def get(self, provider_id: ModelProviderId) -> ModelProvider:
        """The provider of that id.

        Raises:
            ModelProviderNotFound: it does not exist, or not for this tenant.
        """

    @abstractmethod
    def add(self, provider: ModelProvider) -> None:
        """Store a new provider; its name is checked when the work commits."""

    @abstractmethod
    async def remove(self, provider: ModelProvider) -> None:
        """Forget the provider and its credential."""
