"""The routes of apps: making, editing, publishing, retiring."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from dify_hex.application.app.create_app import CreateApp
from dify_hex.application.app.delete_app import DeleteApp, DeleteAppCommand
from dify_hex.application.app.describe_app import DescribeApp
from dify_hex.application.app.ports import AppFilter, AppReader
from dify_hex.application.app.set_app_status import SetAppStatus, SetAppStatusCommand
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppIsArchived,
    AppModeMismatch,
    AppModeUnsupported,
    AppNameInvalid,
    AppNameTaken,
    AppNotFound,
    AppSlugInvalid,
    AppSlugTaken,
)
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AppId
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
from dify_hex.entrypoints.http.v1.apps.schemas import (
    AppResponse,
    CreateAppRequest,
    DescribeAppRequest,
)

router = APIRouter(prefix="/v1/apps", tags=["Apps"])


@router.get("", response_model=PageEnvelope[AppResponse])
async def list_apps(
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    reader: Annotated[AppReader, Inject(AppReader)],
    page: Annotated[
        PageRequest, Paging(sortable=("created_at", "updated_at", "name"), default="-created_at")
    ],
    status: AppStatus | None = None,
    mode: AppMode | None = None,
    q: Annotated[
        str | None, Query(max_length=100, description="A part of the name, in either case.")
    ] = None,
) -> Response:
    """Apps of the tenant, newest first; a key that is bound to an app sees that one only."""
    wanted = AppFilter(status=status, mode=mode, q=q, only=actor.bound_app_id)
    found = await reader.list_apps(actor.tenant_id, page, wanted)
    return page_of(found, map(AppResponse.of, found.items))


@router.post(
    "",
    status_code=201,
    response_model=Envelope[AppResponse],
    responses=errors(
        AppNameTaken, AppNameInvalid, AppModeUnsupported, AppModeMismatch, AppNotAllowed
    ),
)
async def create_app(
    body: CreateAppRequest,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE, idempotent=True)],
    use_case: Annotated[CreateApp, Inject(CreateApp)],
) -> Response:
    """Make an app with a draft that can be published or edited at once."""
    app = await use_case.execute(actor, body.to_command())
    return created(AppResponse.of(app), location=f"/v1/apps/{app.id}", version=app.version)


@router.get(
    "/{app_id}",
    response_model=Envelope[AppResponse],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def show_app(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    reader: Annotated[AppReader, Inject(AppReader)],
) -> Response:
    """One app."""
    actor.require_app(AppId(app_id), Permission.APP_READ)
    app = await reader.get_app(actor.tenant_id, AppId(app_id))
    return ok(AppResponse.of(app), version=app.version)


@router.patch(
    "/{app_id}",
    response_model=Envelope[AppResponse],
    responses=errors(
        AppNotFound,
        AppNotAllowed,
        AppNameTaken,
        AppSlugTaken,
        AppIsArchived,
        AppNameInvalid,
        AppSlugInvalid,
    ),
)
async def describe_app(
    app_id: UUID,
    body: DescribeAppRequest,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[DescribeApp, Inject(DescribeApp)],
) -> Response:
    """Change the name, slug, description or icon; renaming keeps the slug."""
    app = await use_case.execute(actor, body.to_command(app_id, expected))
    return ok(AppResponse.of(app), version=app.version)


@router.delete(
    "/{app_id}", status_code=204, responses=errors(AppNotFound, AppNotAllowed, StaleVersion)
)
async def delete_app(
    app_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.APP_DELETE)],
    use_case: Annotated[DeleteApp, Inject(DeleteApp)],
) -> Response:
    """Delete the app; its name and slug can be used again at once."""
    command = DeleteAppCommand(app_id=AppId(app_id), expected_version=expected)
    await use_case.execute(actor, command)
    return no_content()


@router.post(
    "/{app_id}/archive",
    response_model=Envelope[AppResponse],
    responses=errors(AppNotFound, AppNotAllowed, StaleVersion),
)
async def archive_app(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[SetAppStatus, Inject(SetAppStatus)],
) -> Response:
    """Take the app out of use: it answers nobody and cannot be edited, and keeps everything."""
    command = SetAppStatusCommand(app_id=AppId(app_id), status=AppStatus.ARCHIVED)
    app = await use_case.execute(actor, command)
    return ok(AppResponse.of(app), version=app.version)


@router.post(
    "/{app_id}/unarchive",
    response_model=Envelope[AppResponse],
    responses=errors(AppNotFound, AppNotAllowed, StaleVersion),
)
async def unarchive_app(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[SetAppStatus, Inject(SetAppStatus)],
) -> Response:
    """Bring an archived app back into use."""
    command = SetAppStatusCommand(app_id=AppId(app_id), status=AppStatus.ACTIVE)
    app = await use_case.execute(actor, command)
    return ok(AppResponse.of(app), version=app.version)
