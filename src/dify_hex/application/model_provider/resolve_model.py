"""Finds the endpoint and the sizes of a model that a tenant names."""

from dataclasses import dataclass

from dify_hex.application.model_provider.built_in import BuiltInModels
from dify_hex.application.model_provider.endpoints import endpoint_of
from dify_hex.application.model_provider.ports import ModelEndpoint, ModelProviderReader, SecretBox
from dify_hex.domain.model_provider.errors import (
    ModelNotFound,
    ModelProviderIsDisabled,
    ModelProviderNotFound,
    ModelTypeMismatch,
)
from dify_hex.domain.model_provider.features import ModelFeature
from dify_hex.domain.model_provider.kinds import BUILT_IN_PROVIDER
from dify_hex.domain.model_provider.model import Model, ModelType
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModel:
    """A model that can be called: where, and how much it takes; sizes in tokens.

    `lacks` is what it is known not to do.
    """

    endpoint: ModelEndpoint
    context_window: int
    max_output: int | None
    lacks: frozenset[ModelFeature] = frozenset()


class ResolveModel:
    """Turns a provider's and a model's name into something that can be called.

    - The built-in provider comes from the installation's settings and costs no query.
    - Any other is read fresh, so that a changed credential counts from the next call on.
    - A disabled provider, a model it does not list, or one of another type is refused.
    """

    def __init__(
        self, *, providers: ModelProviderReader, secrets: SecretBox, built_in: BuiltInModels
    ) -> None:
        self._providers = providers
        self._secrets = secrets
        self._built_in = built_in

    async def execute(
        self, tenant_id: TenantId, config: ModelConfig, *, type: ModelType = ModelType.LLM
    ) -> ResolvedModel:
        """The model, ready to be called.

        Raises:
            ModelProviderNotFound, ModelProviderIsDisabled, ModelNotFound, ModelTypeMismatch: the
                tenant cannot use it.
            ModelCredentialUnreadable: its credential was sealed with a key that is gone.
            ModelUnavailable: it is built in, and this installation runs without a model server.
        """
        if config.provider == BUILT_IN_PROVIDER:
            model = _of_type(self._built_in.model(config.model, type), type, config)
            return _resolved(model, self._built_in.endpoint(model))
        provider = await self._providers.find_callable(tenant_id, config.provider)
        if provider is None:
            raise ModelProviderNotFound(provider=config.provider)
        if not provider.enabled:
            raise ModelProviderIsDisabled(provider=config.provider)
        found = next((model for model in provider.models if model.name == config.model), None)
        if found is None:
            raise ModelNotFound(provider=config.provider, model=config.model)
        model = _of_type(found, type, config)
        return _resolved(model, endpoint_of(tenant_id, provider, model.name, self._secrets))


def _of_type(model: Model, type: ModelType, config: ModelConfig) -> Model:
    if model.type is not type:
        raise ModelTypeMismatch(
            provider=config.provider, model=config.model, type=model.type.value, needed=type.value
        )
    return model


def _resolved(model: Model, endpoint: ModelEndpoint) -> ResolvedModel:
    return ResolvedModel(
        endpoint=endpoint,
        context_window=model.context_window,
        max_output=model.max_output,
        lacks=model.lacks,
    )
