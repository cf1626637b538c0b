"""The routes of an app's secrets: kept, named, forgotten, never shown."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field, SecretStr
from starlette.responses import Response

from dify_hex.application.app.drop_app_secret import DropAppSecret, DropAppSecretCommand
from dify_hex.application.app.keep_app_secret import KeepAppSecret, KeepAppSecretCommand
from dify_hex.application.app.list_app_secrets import ListAppSecrets
from dify_hex.application.app.read_models import AppSecretView
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppIsArchived,
    AppNotFound,
    AppSecretInvalid,
    AppSecretNotFound,
    AppSecretsFull,
)
from dify_hex.domain.app.secret import MAX_SECRET_LENGTH
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.secret_text import SecretText
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    ListEnvelope,
    Schema,
    listed,
    no_content,
    ok,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject

router = APIRouter(prefix="/v1/apps/{app_id}/secrets", tags=["App secrets"])

_Name = Annotated[
    str,
    Path(
        max_length=64,
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
        description="As the graph's environment declares it.",
    ),
]


class AppSecretRequest(Schema):
    """The value; it is sealed at once and shown to nobody again."""

    value: Annotated[SecretStr, Field(min_length=1, max_length=MAX_SECRET_LENGTH)] = Field(
        examples=["a-token-of-another-service"]
    )


class AppSecretResponse(Schema):
    """A secret without its value."""

    name: str
    updated_at: datetime
    updated_by: UUID | None

    @classmethod
    def of(cls, secret: AppSecretView) -> Self:
        """The wire form."""
        return cls.model_validate(secret, from_attributes=True)


@router.get(
    "",
    response_model=ListEnvelope[AppSecretResponse],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def list_app_secrets(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    use_case: Annotated[ListAppSecrets, Inject(ListAppSecrets)],
) -> Response:
    """The names of the app's secrets; their values are shown to nobody."""
    found = await use_case.execute(actor, AppId(app_id))
    return listed(map(AppSecretResponse.of, found))


@router.put(
    "/{name}",
    response_model=Envelope[AppSecretResponse],
    responses=errors(AppNotFound, AppNotAllowed, AppIsArchived, AppSecretInvalid, AppSecretsFull),
)
async def keep_app_secret(
    app_id: UUID,
    name: _Name,
    body: AppSecretRequest,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[KeepAppSecret, Inject(KeepAppSecret)],
) -> Response:
    """Keep a value that the graph uses as `env.name`; runs that begin from now on have it.

    It is no part of the draft or of any version, so nothing has to be published.
    """
    command = KeepAppSecretCommand(
        app_id=AppId(app_id), name=name, value=SecretText(body.value.get_secret_value())
    )
    return ok(AppSecretResponse.of(await use_case.execute(actor, command)))


@router.delete(
    "/{name}",
    status_code=204,
    responses=errors(AppNotFound, AppSecretNotFound, AppNotAllowed),
)
async def drop_app_secret(
    app_id: UUID,
    name: _Name,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[DropAppSecret, Inject(DropAppSecret)],
) -> Response:
    """Forget the secret; a run that needs it fails and names it."""
    await use_case.execute(actor, DropAppSecretCommand(app_id=AppId(app_id), name=name))
    return no_content()
