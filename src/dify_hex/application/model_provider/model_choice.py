"""Whether a model that somebody chooses can be used for what it is chosen for."""

from dify_hex.application.model_provider.resolve_model import ResolveModel
from dify_hex.domain.model_provider.errors import (
    ModelNotFound,
    ModelProviderIsDisabled,
    ModelProviderNotFound,
    ModelTypeMismatch,
)
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.domain.shared.errors import DomainError, Unavailable
from dify_hex.domain.shared.ids import TenantId
from dify_hex.domain.shared.values.model_config import ModelConfig

#: What is wrong with the provider, whichever of its models is chosen.
WRONG_PROVIDER = (ModelProviderNotFound, ModelProviderIsDisabled)
_WRONG_CHOICE = (*WRONG_PROVIDER, ModelNotFound, ModelTypeMismatch)


async def wrong_choice(
    resolve_model: ResolveModel, tenant_id: TenantId, model: ModelConfig, type: ModelType
) -> DomainError | None:
    """What is wrong with the choice; None where it is right, also while the model is away."""
    try:
        await resolve_model.execute(tenant_id, model, type=type)
    except _WRONG_CHOICE as error:
        return error
    except Unavailable:
        # The model may be back when it is needed.
        return None
    return None
