"""Secrets of apps, opened for their runs."""

from dify_hex.application.app.ports import AppSecretWork
from dify_hex.application.model_provider.ports import SecretBox
from dify_hex.application.shared.unit_of_work import BeginWork
from dify_hex.application.workflow.linked_workflows import RunSecrets
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.values.json_value import JsonObject


class AppRunSecrets(RunSecrets):
    """Opens the secrets of an app, each time that a run of it begins or is taken over."""

    def __init__(self, *, begin: BeginWork[AppSecretWork], box: SecretBox) -> None:
        self._begin = begin
        self._box = box

    async def of(self, tenant_id: TenantId, app_id: AppId) -> JsonObject:
        """The values by name, as they are now."""
        async with self._begin(tenant_id) as work:
            kept = await work.app_secrets.of(app_id)
        return {
            secret.name: self._box.open(secret.sealed, context=secret.context).reveal()
            for secret in kept
        }
