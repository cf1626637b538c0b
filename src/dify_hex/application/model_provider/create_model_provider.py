"""Plugging a provider of models in."""

from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ModelProviderWork, SecretBox
from dify_hex.application.model_provider.read_models import ModelProviderDetail
from dify_hex.application.model_provider.sealing import sealed
from dify_hex.application.model_provider.tenant_addresses import TenantAddresses
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.identity import new_id
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.kinds import ProviderKind, kind_named
from dify_hex.domain.model_provider.model import Model, starter_models
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.state import Connection
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.values.secret_text import SecretText


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateModelProviderCommand:
    """Which provider; without a name it is called as its kind, without models it gets the usual."""

    kind: str
    name: str | None = None
    base_url: str | None = None
    api_key: SecretText | None = None
    models: tuple[Model, ...] | None = None


class CreateModelProvider:
    """Plugs a provider in.

    - Its key is stored encrypted, for this provider alone, and is never shown again.
    - Its address leads to the open internet, unless the operator allows private networks.
    - When its owner names no models, it begins with those its vendor is known for; at an address
      of its owner's there is no telling, and it begins with none.
    """

    def __init__(
        self,
        *,
        begin: BeginWork[ModelProviderWork],
        clock: Clock,
        secrets: SecretBox,
        addresses: TenantAddresses,
    ) -> None:
        self._begin = begin
        self._clock = clock
        self._secrets = secrets
        self._addresses = addresses

    async def execute(
        self, actor: Actor, command: CreateModelProviderCommand
    ) -> ModelProviderDetail:
        """Plug it in.

        Raises:
            ModelProviderKindUnknown: no such kind is supported.
            ModelProviderNameInvalid, ModelProviderBuiltIn, ModelProviderNameTaken: the name cannot
                be had.
            ModelBaseUrlInvalid: the address is missing, is none, or leads into a private network.
            ModelCredentialRequired: the kind needs a key.
            ModelExists, TooManyModels: the models cannot stand together.
        """
        actor.require(Permission.MODEL_WRITE)
        kind = kind_named(command.kind)
        base_url = await self._base_url(kind, command.base_url)
        provider_id = ModelProviderId(new_id())
        models = command.models
        if models is None:
            models = starter_models(kind.name) if base_url is None else ()
        credential = sealed(command.api_key, actor.tenant_id, provider_id, self._secrets)
        provider = ModelProvider.create(
            id=provider_id,
            tenant_id=actor.tenant_id,
            kind=kind,
            name=kind.name if command.name is None else command.name,
            connection=Connection(base_url=base_url, credential=credential),
            models=models,
            now=self._clock.now(),
            by=actor.caller_id,
        )
        async with self._begin(actor.tenant_id) as work:
            work.model_providers.add(provider)
            await work.commit()
        return ModelProviderDetail.of(provider)

    async def _base_url(self, kind: ProviderKind, given: str | None) -> str | None:
        if given is not None:
            return await self._addresses.checked(given)
        self._addresses.admit_own(kind)
        return None
