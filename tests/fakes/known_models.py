"""Models that can be chosen, for unit tests of what chooses them."""

from collections.abc import Sequence
from uuid import UUID

from dify_hex.application.model_provider.built_in import BuiltInModels
from dify_hex.application.model_provider.ports import ModelProviderReader, SecretBox
from dify_hex.application.model_provider.read_models import (
    CallableProvider,
    ModelProviderDetail,
    UsableModel,
)
from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.domain.model_provider.errors import ModelProviderNotFound
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.model_provider.state import Connection
from dify_hex.domain.shared.ids import ModelProviderId, TenantId
from dify_hex.domain.shared.paging import Page, PageRequest
from dify_hex.domain.shared.values.secret_text import SecretText


class NoProviders(ModelProviderReader):
    """A tenant that has only what the installation offers."""

    async def list_providers(
        self, tenant_id: TenantId, page: PageRequest, *, q: str | None = None
    ) -> Page[ModelProviderDetail]:
        return Page(items=[], total=0, page=page.page, limit=page.limit)

    async def get_provider(
        self, tenant_id: TenantId, provider_id: ModelProviderId
    ) -> ModelProviderDetail:
        raise ModelProviderNotFound

    async def find_callable(self, tenant_id: TenantId, name: str) -> CallableProvider | None:
        return None

    async def list_usable_models(
        self, tenant_id: TenantId, *, type: ModelType | None = None
    ) -> Sequence[UsableModel]:
        return []


class OneProvider(NoProviders):
    """A tenant that has one provider besides, which needs no credential."""

    def __init__(self, name: str, *models: Model) -> None:
        self._name = name
        self._models = models

    async def find_callable(self, tenant_id: TenantId, name: str) -> CallableProvider | None:
        if name != self._name:
            return None
        return CallableProvider(
            id=ModelProviderId(UUID(int=1)),
            kind="openai_compatible",
            connection=Connection(base_url="http://127.0.0.1:1/v1", credential=None),
            models=self._models,
            enabled=True,
        )


class NoSecrets(SecretBox):
    """Nothing is sealed, and nothing can be opened."""

    def seal(self, secret: SecretText, *, context: str) -> bytes:
        raise LookupError(context)

    def open(self, blob: bytes, *, context: str) -> SecretText:
        raise LookupError(context)


def built_in_models(
    base_url: str | None = "http://127.0.0.1:1/v1", *, providers: ModelProviderReader | None = None
) -> ResolveModel:
    """Finds the model `echo` of the provider `local`; without a URL it is away.

    Others are found only where there are `providers`.
    """
    built_in = BuiltInModels(
        base_url=base_url,
        api_key=None,
        default_model="echo",
        models=(Model(name="echo"),),
        demonstration=False,
        open=False,
    )
    return ResolveModel(
        providers=providers or NoProviders(), secrets=NoSecrets(), built_in=built_in
    )
