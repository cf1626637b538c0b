"""Renaming, reconnecting and switching a provider, and changing what it offers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from dify_hex.application.model_provider.ports import ModelProviderWork, SecretBox
from dify_hex.application.model_provider.read_models import ModelProviderDetail
from dify_hex.application.model_provider.sealing import sealed
from dify_hex.application.model_provider.tenant_addresses import TenantAddresses
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.model import Model
from dify_hex.domain.model_provider.model_provider import ModelProvider
from dify_hex.domain.model_provider.state import Connection
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.values.secret_text import SecretText

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Replacement(Generic[T]):
    """A new value where None is one too."""

    value: T


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeModelProviderCommand:
    """What to change; None leaves a thing as it is.

    The address None is the kind's own, the key None is none. `models` are all that it offers from
    then on.
    """

    provider_id: ModelProviderId
    name: str | None = None
    base_url: Replacement[str | None] | None = None
    api_key: Replacement[SecretText | None] | None = None
    models: tuple[Model, ...] | None = None
    enabled: bool | None = None
    expected_version: int | None = None


class ChangeModelProvider:
    """Changes a provider.

    - Everything that the command names changes at once, or nothing does.
    - A new key replaces the old one, which is forgotten; calls that begin later use the new one.
    - A new address needs its key given again, so that a key cannot be led to a foreign server.
    - The models of a disabled provider cannot be used, and are kept.
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
        self, actor: Actor, command: ChangeModelProviderCommand
    ) -> ModelProviderDetail:
        """Change what the command names.

        Raises:
            ModelProviderNotFound: there is no such provider.
            ModelProviderNameInvalid, ModelProviderBuiltIn, ModelProviderNameTaken: the name cannot
                be had.
            ModelBaseUrlInvalid: the address is missing, is none, or leads into a private network.
            ModelCredentialRequired: the kind needs a key, or the new address the key again.
            ModelExists, TooManyModels: the models cannot stand together.
            StaleVersion: the provider is not as the caller has seen it.
        """
        actor.require(Permission.MODEL_WRITE)
        # Looking a name up may take seconds, for which no transaction is held open.
        base_url = await self._checked(command.base_url)
        async with self._begin(actor.tenant_id) as work:
            provider = await work.model_providers.get(command.provider_id)
            provider.expect_version(command.expected_version)
            now, by = self._clock.now(), actor.caller_id
            if command.name is not None:
                provider.rename(command.name, now=now, by=by)
            provider.reconnect(
                self._connection(provider, base_url, command.api_key), now=now, by=by
            )
            if command.models is not None:
                provider.offer(command.models, now=now, by=by)
            _switch(provider, command.enabled, actor, now)
            await work.commit()
        return ModelProviderDetail.of(provider)

    async def _checked(
        self, base_url: Replacement[str | None] | None
    ) -> Replacement[str | None] | None:
        if base_url is None or base_url.value is None:
            return base_url
        return Replacement(await self._addresses.checked(base_url.value))

    def _connection(
        self,
        provider: ModelProvider,
        base_url: Replacement[str | None] | None,
        api_key: Replacement[SecretText | None] | None,
    ) -> Connection:
        now = provider.state.connection
        if base_url is not None and base_url.value is None:
            self._addresses.admit_own(provider.kind)
        return Connection(
            base_url=now.base_url if base_url is None else base_url.value,
            credential=(
                now.credential
                if api_key is None
                else sealed(api_key.value, provider.tenant_id, provider.id, self._secrets)
            ),
        )


def _switch(provider: ModelProvider, enabled: bool | None, actor: Actor, now: datetime) -> None:
    if enabled is True:
        provider.enable(now=now, by=actor.caller_id)
    if enabled is False:
        provider.disable(now=now, by=actor.caller_id)
