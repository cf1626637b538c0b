"""Model providers in memory, for unit tests of use cases."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from dify_hex.application.model_provider.ports import ModelProviderReader, ModelProviderWork
from dify_hex.application.model_provider.read_models import (
    CallableProvider,
    ModelProviderDetail,
    UsableModel,
)
from dify_hex.domain.model_provider.errors import ModelProviderNameTaken, ModelProviderNotFound
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.repository import ModelProviderRepository
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork, Unique


class MemoryModelProviderRepository(ModelProviderRepository):
    """Providers of one tenant."""

    def __init__(self, table: MemoryTable[ModelProvider]) -> None:
        self._table = table

    async def get(self, provider_id: ModelProviderId) -> ModelProvider:
        provider = self._table.find(provider_id)
        if provider is None:
            raise ModelProviderNotFound
        return provider

    def add(self, provider: ModelProvider) -> None:
        self._table.add(provider.id, provider)

    async def remove(self, provider: ModelProvider) -> None:
        self._table.remove(provider.id)


class MemoryModelProviderWork(MemoryWork, ModelProviderWork):
    """One transaction over model providers."""

    @cached_property
    def model_providers(self) -> MemoryModelProviderRepository:
        return MemoryModelProviderRepository(
            self.table(ModelProvider, unique=[Unique(_name, ModelProviderNameTaken)])
        )


class MemoryModelProviderReader(ModelProviderReader):
    """Looks at the committed providers of a database."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def list_providers(
        self, tenant_id: TenantId, page: PageRequest, *, q: str | None = None
    ) -> Page[ModelProviderDetail]:
        found = [
            ModelProviderDetail.of(provider)
            for provider in self._of(tenant_id)
            if (q or "").lower() in provider.state.name
        ]
        for key in reversed(page.sort):
            found.sort(key=lambda item: getattr(item, key.name), reverse=key.descending)
        return Page(
            items=found[page.offset : page.offset + page.limit],
            total=len(found),
            page=page.page,
            limit=page.limit,
        )

    async def get_provider(
        self, tenant_id: TenantId, provider_id: ModelProviderId
    ) -> ModelProviderDetail:
        for provider in self._of(tenant_id):
            if provider.id == provider_id:
                return ModelProviderDetail.of(provider)
        raise ModelProviderNotFound

    async def find_callable(self, tenant_id: TenantId, name: str) -> CallableProvider | None:
        for provider in self._of(tenant_id):
            if provider.state.name == name:
                return CallableProvider.of(provider)
        return None

    async def list_usable_models(
        self, tenant_id: TenantId, *, type: ModelType | None = None
    ) -> Sequence[UsableModel]:
        return [
            UsableModel(
                provider=provider.state.name,
                name=model.name,
                type=model.type,
                context_window=model.context_window,
                max_output=model.max_output,
            )
            for provider in sorted(self._of(tenant_id), key=_name)
            if provider.state.enabled
            for model in provider.state.models
            if type in {None, model.type}
        ]

    def _of(self, tenant_id: TenantId) -> Iterable[ModelProvider]:
        return (
            provider
            for provider in self._database.all(ModelProvider)
            if provider.tenant_id == tenant_id
        )


def _name(provider: ModelProvider) -> str:
    return provider.state.name
