"""The routes of an app's draft and of its published versions."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from dify_hex.application.app.compare_app_versions import (
    CompareAppVersions,
    CompareAppVersionsCommand,
)
from dify_hex.application.app.configure_app import ConfigureApp, ConfigureAppCommand
from dify_hex.application.app.inspect_draft import InspectDraft
from dify_hex.application.app.ports import AppVersionReader
from dify_hex.application.app.publish_app import PublishApp
from dify_hex.application.app.restore_app_version import (
    RestoreAppVersion,
    RestoreAppVersionCommand,
)
from dify_hex.application.shared.actor import Actor, AppNotAllowed
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.app.errors import (
    AppConfigurationInvalid,
    AppIsArchived,
    AppModeMismatch,
    AppNotFound,
    AppNothingToPublish,
    AppVersionNotFound,
)
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.paging import PageRequest
from dify_hex.entrypoints.http.envelope import (
    Envelope,
    ListEnvelope,
    PageEnvelope,
    created,
    listed,
    ok,
    page_of,
)
from dify_hex.entrypoints.http.errors import errors
from dify_hex.entrypoints.http.guard import Requires
from dify_hex.entrypoints.http.injection import Inject
from dify_hex.entrypoints.http.pagination import Paging
from dify_hex.entrypoints.http.preconditions import ExpectedVersion, RequiredVersion
from dify_hex.entrypoints.http.v1.apps.comparison_schemas import (
    ComparisonResponse,
    OtherVersion,
    VersionNumber,
)
from dify_hex.entrypoints.http.v1.apps.configuration import ConfigurationBody
from dify_hex.entrypoints.http.v1.apps.schemas import (
    AppVersionDetailResponse,
    AppVersionResponse,
    DraftResponse,
    FaultResponse,
    PublishAppRequest,
)

router = APIRouter(prefix="/v1/apps/{app_id}", tags=["App versions"])


@router.get(
    "/draft",
    response_model=Envelope[DraftResponse],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def show_draft(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    use_case: Annotated[InspectDraft, Inject(InspectDraft)],
) -> Response:
    """The draft, with everything that would keep it from being published."""
    draft = await use_case.execute(actor, AppId(app_id))
    return ok(DraftResponse.of(draft), version=draft.version)


@router.put(
    "/draft",
    response_model=Envelope[DraftResponse],
    responses=errors(AppNotFound, AppNotAllowed, AppIsArchived, AppModeMismatch),
)
async def configure_app(
    app_id: UUID,
    body: ConfigurationBody,
    expected: RequiredVersion,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[ConfigureApp, Inject(ConfigureApp)],
) -> Response:
    """Replace the draft; one with faults is kept, and its faults are answered."""
    command = ConfigureAppCommand(
        app_id=AppId(app_id), configuration=body.to_domain(), expected_draft_version=expected
    )
    draft = await use_case.execute(actor, command)
    return ok(DraftResponse.of(draft), version=draft.version)


@router.post(
    "/draft/validate",
    response_model=ListEnvelope[FaultResponse],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def validate_draft(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    use_case: Annotated[InspectDraft, Inject(InspectDraft)],
) -> Response:
    """Everything that would keep the draft from being published; nothing when it could be."""
    draft = await use_case.execute(actor, AppId(app_id))
    return listed(map(FaultResponse.of, draft.faults))


@router.post(
    "/publish",
    status_code=201,
    response_model=Envelope[AppVersionResponse],
    responses=errors(
        AppNotFound, AppNotAllowed, AppIsArchived, AppNothingToPublish, AppConfigurationInvalid
    ),
)
async def publish_app(
    app_id: UUID,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.APP_PUBLISH, idempotent=True)],
    use_case: Annotated[PublishApp, Inject(PublishApp)],
    body: PublishAppRequest | None = None,
) -> Response:
    """Freeze the draft into the next version; `If-Match` publishes exactly the draft you saw."""
    command = (body or PublishAppRequest()).to_command(app_id, expected)
    version = await use_case.execute(actor, command)
    location = f"/v1/apps/{app_id}/versions/{version.number}"
    return created(AppVersionResponse.of(version), location=location)


@router.get(
    "/versions",
    response_model=PageEnvelope[AppVersionResponse],
    responses=errors(AppNotFound, AppNotAllowed),
)
async def list_app_versions(
    app_id: UUID,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    reader: Annotated[AppVersionReader, Inject(AppVersionReader)],
    page: Annotated[PageRequest, Paging(sortable=("number",), default="-number")],
) -> Response:
    """The published versions, the latest first."""
    actor.require_app(AppId(app_id), Permission.APP_READ)
    found = await reader.list_versions(actor.tenant_id, AppId(app_id), page)
    return page_of(found, map(AppVersionResponse.of, found.items))


@router.get(
    "/versions/{number}",
    response_model=Envelope[AppVersionDetailResponse],
    responses=errors(AppVersionNotFound, AppNotAllowed),
)
async def show_app_version(
    app_id: UUID,
    number: VersionNumber,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    reader: Annotated[AppVersionReader, Inject(AppVersionReader)],
) -> Response:
    """One published version with its configuration."""
    actor.require_app(AppId(app_id), Permission.APP_READ)
    version = await reader.get_version(actor.tenant_id, AppId(app_id), number)
    return ok(AppVersionDetailResponse.of_detail(version))


@router.get(
    "/versions/{number}/compare",
    response_model=Envelope[ComparisonResponse],
    responses=errors(AppNotFound, AppVersionNotFound, AppNotAllowed),
)
async def compare_app_versions(
    app_id: UUID,
    number: VersionNumber,
    actor: Annotated[Actor, Requires(Permission.APP_READ)],
    use_case: Annotated[CompareAppVersions, Inject(CompareAppVersions)],
    other: OtherVersion = "draft",
) -> Response:
    """What makes another version, or the draft, another one than this version."""
    command = CompareAppVersionsCommand(
        app_id=AppId(app_id), number=number, other=None if other == "draft" else other
    )
    return ok(ComparisonResponse.of(await use_case.execute(actor, command)))


@router.post(
    "/versions/{number}/restore",
    response_model=Envelope[DraftResponse],
    responses=errors(AppNotFound, AppVersionNotFound, AppNotAllowed, AppIsArchived),
)
async def restore_app_version(
    app_id: UUID,
    number: VersionNumber,
    expected: ExpectedVersion,
    actor: Annotated[Actor, Requires(Permission.APP_WRITE)],
    use_case: Annotated[RestoreAppVersion, Inject(RestoreAppVersion)],
) -> Response:
    """Make the version's configuration the draft again; what is published stays."""
    command = RestoreAppVersionCommand(
        app_id=AppId(app_id), number=number, expected_draft_version=expected
    )
    draft = await use_case.execute(actor, command)
    return ok(DraftResponse.of(draft), version=draft.version)
