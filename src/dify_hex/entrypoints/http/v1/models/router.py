"""The route of usable models."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.model_provider.list_models import ListModels
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider.model import ModelType
from dify_hex.entrypoints.http.envelope import ListEnvelope, listed
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.v1.models.schemas import ModelResponse

router = APIRouter(prefix="/v1/models", tags=["Models"])


@router.get("", response_model=ListEnvelope[ModelResponse])
async def list_models(
    actor: Annotated[Actor, Requires(Permission.MODEL_READ)],
    use_case: Annotated[ListModels, Inject(ListModels)],
    type: ModelType | None = None,
) -> Response:
    """Every model that can be used now: the installation's first, then those of providers."""
    return listed(map(ModelResponse.of, await use_case.execute(actor, type)))
