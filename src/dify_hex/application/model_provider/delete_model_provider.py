"""Unplugging a provider of models."""

from dataclasses import dataclass

from dify_hex.application.model_provider.ports import ModelProviderWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import ModelProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteModelProviderCommand:
    """Which provider; `expected_version` None deletes whatever it is now."""

    provider_id: ModelProviderId
    expected_version: int | None = None


class DeleteModelProvider:
    """Unplugs a provider.

    - Its credential is forgotten with it; nothing of it stays in the database.
    - Calls under way finish; apps that name it answer no more until they name another.
    - Its name can be used again at once.
    """

    def __init__(self, *, begin: BeginWork[ModelProviderWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: DeleteModelProviderCommand) -> None:
        """Unplug it.

        Raises:
            ModelProviderNotFound: there is no such provider.
            StaleVersion: the provider is not as the caller has seen it.
        """
        actor.require(Permission.MODEL_WRITE)
        async with self._begin(actor.tenant_id) as work:
            provider = await work.model_providers.get(command.provider_id)
            provider.expect_version(command.expected_version)
            provider.delete(now=self._clock.now())
            await work.model_providers.remove(provider)
            await work.commit()
