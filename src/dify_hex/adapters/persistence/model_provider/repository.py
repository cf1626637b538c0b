"""Model providers in one unit of work."""

from sqlalchemy import select

from dify_hex.adapters.persistence.model_provider.mapper import to_domain, write
from dify_hex.adapters.persistence.model_provider.rows import ModelProviderRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.model_provider.errors import ModelProviderNotFound
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.repository import ModelProviderRepository
from dify_hex.domain.shared.ids import ModelProviderId


class SqlModelProviderRepository(ModelProviderRepository):
    """The model providers of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, provider_id: ModelProviderId) -> ModelProvider:
        """The provider of that id."""
        row = await self._scope.session.scalar(
            select(ModelProviderRow).where(
                ModelProviderRow.tenant_id == self._scope.tenant_id,
                ModelProviderRow.id == provider_id,
            )
        )
        if row is None:
            raise ModelProviderNotFound
        return self._scope.tracker.load(row, to_domain, write)

    def add(self, provider: ModelProvider) -> None:
        """Store a new provider."""
        self._scope.tracker.add(provider, ModelProviderRow(), write)

    async def remove(self, provider: ModelProvider) -> None:
        """Forget the provider and its credential."""
        await self._scope.tracker.remove(provider)
