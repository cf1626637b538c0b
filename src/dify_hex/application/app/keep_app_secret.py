"""Giving an app a secret."""

from dataclasses import dataclass, field

from dify_hex.application.app.ports import AppSecretWork
from dify_hex.application.app.read_models import AppSecretView
from dify_hex.application.model_provider.ports import SecretBox
from dify_hex.application.shared.actor import Actor
from dify_hex.application.shared.clock import Clock
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import AppSecretsFull
from dify_hex.domain.app.secret import MAX_SECRETS, AppSecret, check_secret, sealing_context
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.secret_text import SecretText


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAppSecretCommand:
    """Which secret of which app gets which value."""

    app_id: AppId
    name: str
    value: SecretText = field(repr=False)


class KeepAppSecret:
    """Keeps a value that the app's graph uses by its name, in place of the one there was.

    - It is sealed before it is stored, and is shown to nobody again.
    - It is no part of the draft or of any version: changing it needs no publishing, and runs that
      begin from now on have it.
    - An app has a limited number of secrets.
    """

    def __init__(self, *, begin: BeginWork[AppSecretWork], clock: Clock, box: SecretBox) -> None:
        self._begin = begin
        self._clock = clock
        self._box = box

    async def execute(self, actor: Actor, command: KeepAppSecretCommand) -> AppSecretView:
        """Keep it.

        Raises:
            AppNotFound: there is no such app.
            AppIsArchived: the app has to be unarchived first.
            AppSecretInvalid: the name or the value cannot be used.
            AppSecretsFull: the app has as many secrets as it may have.
        """
        actor.require_app(command.app_id, Permission.APP_WRITE)
        check_secret(command.name, command.value)
        secret = AppSecret(
            app_id=command.app_id,
            name=command.name,
            sealed=self._box.seal(
                command.value, context=sealing_context(command.app_id, command.name)
            ),
            updated_at=self._clock.now(),
            updated_by=actor.caller_id,
        )
        async with self._begin(actor.tenant_id) as work:
            standing = await work.apps.standing(command.app_id)
            standing.require_active()
            names = {each.name for each in await work.app_secrets.of(command.app_id)}
            if command.name not in names and len(names) >= MAX_SECRETS:
                raise AppSecretsFull(most=MAX_SECRETS)
            await work.app_secrets.keep(secret)
            await work.commit()
        return AppSecretView.of(secret)
