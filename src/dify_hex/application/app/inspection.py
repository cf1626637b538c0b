"""Finding everything that keeps a configuration from being published."""

from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.application.workflow.ports import TemplateRenderer
from dify_hex.domain.app.configuration import Configuration
from dify_hex.domain.model_provider.errors import (
    ModelNotFound,
    ModelProviderIsDisabled,
    ModelProviderNotFound,
    ModelTypeMismatch,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.model_config import ModelConfig
from dify_hex.domain.shared.values.prompt_template import TemplateReading
from dify_hex.domain.workflow.errors import InvalidTemplate

#: What is wrong with the choice of the model, and not with the model just now.
_WRONG_CHOICE = (
    ModelNotFound,
    ModelProviderIsDisabled,
    ModelProviderNotFound,
    ModelTypeMismatch,
)


class ConfigurationInspector:
    """Asks the configuration for its faults, after having its prompt read and its model found."""

    def __init__(self, *, templates: TemplateRenderer, resolve_model: ResolveModel) -> None:
        self._templates = templates
        self._resolve_model = resolve_model

    async def faults(self, tenant_id: TenantId, configuration: Configuration) -> list[Fault]:
        """Everything that is wrong; asks the store for the model, so hold no transaction."""
        faults = self.own_faults(configuration)
        model = configuration.model
        if model.provider.strip() and model.model.strip():
            faults += await self._model_faults(tenant_id, model)
        return faults

    def own_faults(self, configuration: Configuration) -> list[Fault]:
        """Everything that is wrong with the configuration in itself, in the order of the fields."""
        return configuration.faults(self._read(configuration.prompt.text))

    async def _model_faults(self, tenant_id: TenantId, model: ModelConfig) -> list[Fault]:
        try:
            await self._resolve_model.execute(tenant_id, model)
        except _WRONG_CHOICE as error:
            sentence = f"{error.message} GET /v1/models lists those that can be chosen."
            return [Fault(code=error.code, path="model", message=sentence)]
        except Unavailable:
            # The choice is right, and the model may be back when it is needed.
            return []
        return []

    def _read(self, text: str) -> TemplateReading:
        try:
            return TemplateReading(names=self._templates.check(text))
        except InvalidTemplate as error:
            return TemplateReading(problem=_sentence(error))


def _sentence(error: InvalidTemplate) -> str:
    reason, line = error.details.get("reason"), error.details.get("line")
    where = "" if line is None else f" (line {line})"
    return f"The prompt cannot be used: {reason}{where}." if reason else error.message
