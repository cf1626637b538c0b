"""The routes of model providers."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from dify_hex.application.model_provider.change_model_provider import ChangeModelProvider
from dify_hex.application.model_provider.create_model_provider import CreateModelProvider
from dify_hex.application.model_provider.delete_model_provider import (
    DeleteModelProvider,
    DeleteModelProviderCommand,
)
from dify_hex.application.model_provider.ports import ModelProviderReader
from dify_hex.application.model_provider.verify_model_provider import (
    VerifyModelProvider,
    VerifyModelProviderCommand,
)
from dify_hex.application.shared.actor import Actor
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.model_provider import errors as trouble
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import ModelProviderId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    PageEnvelope,
    created,
    no_content,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion
from dify_hex.entrypoints.http.v1.model_providers.schemas import (
    ChangeModelProviderRequest,
    CreateModelProviderRequest,
    ModelProviderResponse,
    VerificationResponse,
)

router = APIRouter(prefix="/v1/model-providers", tags=["Models"])

_CANNOT_STAND = (
    trouble.ModelProviderNameTaken,
    trouble.ModelProviderNameInvalid,
    trouble.ModelProviderBuiltIn,
    trouble.ModelBaseUrlInvalid,
    trouble.ModelCredentialRequired,
    trouble.ModelInvalid,
    trouble.ModelExists,
    trouble.TooManyModels,
)


@router.get("", response_model=PageEnvelope[ModelProviderResponse])
async def list_model_providers(
    actor: Annotated[Actor, Requires(Permission.MODEL_READ)],
    reader: Annotated[ModelProviderReader, Inject(ModelProviderReader)],
    page: Annotated[PageRequest, Paging(sortable=("created_at", "name"), default="-created_at")],
    q: Annotated[
        str | None, Query(max_length=100, description="A part of the name, in either case.")
    ] = None,
) -> Response:
    """Providers that the tenant has plugged in, newest first; keys are not shown."""
    found = await reader.list_providers(actor.tenant_id, page, q=q)
    return page_of(found, map(ModelProviderResponse.of, found.items))


@router.post(
    "",
    status_code=201,
    response_model=Envelope[ModelProviderResponse],
    responses=errors(trouble.ModelProviderKindUnknown, *_CANNOT_STAND),
)
async def create_model_provider(
    body: CreateModelProviderRequest,
    actor: Annotated[Actor, Requires(Permission.MODEL_WRITE, idempotent=True)],
    use_case: Annotated[CreateModelProvider, Inject(CreateModelProvider)],
) -> Response:
    """Plug a provider in; its key is stored encrypted and never shown."""
    provider = await use_case.execute(actor, body.to_command())
    return created(
        ModelProviderResponse.of(provider),
        location=f"/v1/model-providers/{provider.id}",
        version=provider.version,
    )


@router.get(
    "/{provider_id}",
    response_model=Envelope[ModelProviderResponse],
    responses=errors(trouble.ModelProviderNotFound),
)
async def show_model_provider(
    provider_id: UUID,
    actor: Annotated[Actor, Requires(Permission.MODEL_READ)],
    reader: Annotated[ModelProviderReader, Inject(ModelProviderReader)],
) -> Response:
    """One provider, without its key."""
    provider = await reader.get_provider(actor.tenant_id, ModelProviderId(provider_id))
    return ok(ModelProviderResponse.of(provider), version=provider.version)


@router.patch(
    "/{provider_id}",
    response_model=Envelope[ModelProviderResponse],
    responses=errors(trouble.ModelProviderNotFound, *_CANNOT_STAND),
)
async def change_model_provider(
    provider_id: UUID,
    body: ChangeModelProviderRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.MODEL_WRITE)],
    use_case: Annotated[ChangeModelProvider, Inject(ChangeModelProvider)],
) -> Response:
    """Rename it, give it another address or key, change its models, or switch it on or off."""
    provider = await use_case.execute(actor, body.to_command(provider_id, expected))
    return ok(ModelProviderResponse.of(provider), version=provider.version)


@router.delete(
    "/{provider_id}",
    status_code=204,
    responses=errors(trouble.ModelProviderNotFound, StaleVersion),
)
async def delete_model_provider(
    provider_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.MODEL_WRITE)],
    use_case: Annotated[DeleteModelProvider, Inject(DeleteModelProvider)],
) -> Response:
    """Unplug a provider and forget its key."""
    command = DeleteModelProviderCommand(
        provider_id=ModelProviderId(provider_id), expected_version=expected
    )
    await use_case.execute(actor, command)
    return no_content()


@router.post(
    "/{provider_id}/verify",
    response_model=Envelope[VerificationResponse],
    responses=errors(
        trouble.ModelProviderNotFound,
        trouble.ModelProviderIsEmpty,
        trouble.ModelCredentialUnreadable,
        trouble.ModelBaseUrlInvalid,
        trouble.ModelAuthenticationFailed,
        trouble.ModelNotFound,
        trouble.ModelRateLimited,
        trouble.ModelContextTooLong,
        trouble.ModelContentFiltered,
        trouble.ModelBadRequest,
        trouble.ModelUnavailable,
        trouble.ModelTimeout,
        trouble.ModelStreamCut,
        StaleVersion,
    ),
)
async def verify_model_provider(
    provider_id: UUID,
    actor: Annotated[Actor, Requires(Permission.MODEL_WRITE)],
    use_case: Annotated[VerifyModelProvider, Inject(VerifyModelProvider)],
) -> Response:
    """Call a provider to see whether it answers; one without models adopts those it lists."""
    command = VerifyModelProviderCommand(provider_id=ModelProviderId(provider_id))
    return ok(VerificationResponse.of(await use_case.execute(actor, command)))
