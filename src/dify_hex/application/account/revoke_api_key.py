"""The use case that makes an API key useless."""

from dataclasses import dataclass

from dify_hex.application.account.ports import AccountWork
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.shared.ids import ApiKeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKeyCommand:
    """Which key."""

    api_key_id: ApiKeyId


class RevokeApiKey:
    """Make a key useless.

    - It holds from the next request on, in every process.
    - A revoked key stays in the list, so that its past use can still be explained.
    """

    def __init__(self, begin: BeginWork[AccountWork], clock: Clock) -> None:
        self._begin = begin
        self._clock = clock

    async def execute(self, actor: Actor, command: RevokeApiKeyCommand) -> None:
        """Revoke it; a second time changes nothing.

        Raises:
            PermissionDenied: the actor may not change keys.
            ApiKeyNotFound: the tenant has no such key.
        """
        actor.require(Permission.KEY_WRITE)
        async with self._begin(actor.tenant_id) as work:
            key = await work.api_keys.get(command.api_key_id)
            key.revoke(by=actor.account_id, now=self._clock.now())
            await work.commit()
