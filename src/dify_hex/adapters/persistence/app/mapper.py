"""Apps and their versions to rows and back."""

from typing import Any
from uuid import UUID

from pydantic import JsonValue as PydanticJson
from pydantic import TypeAdapter

from dify_hex.adapters.persistence.app.rows import AppRow, AppVersionRow
from dify_hex.domain.app.app import App
from dify_hex.domain.app.configuration import (
    ChatConfiguration,
    CompletionConfiguration,
    Configuration,
)
from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.mode import AppMode, AppStatus
from dify_hex.domain.app.state import AppProfile, AppState, Draft, Published
from dify_hex.domain.app.version import AppVersion
from dify_hex.domain.shared.ids import AppId, AppVersionId, TenantId

_CONFIGURATIONS: dict[str, TypeAdapter[Configuration]] = {
    AppMode.CHAT: TypeAdapter(ChatConfiguration),
    AppMode.COMPLETION: TypeAdapter(CompletionConfiguration),
    AppMode.CHATFLOW: TypeAdapter(ChatflowConfiguration),
    AppMode.WORKFLOW: TypeAdapter(WorkflowConfiguration),
}
for _adapter in _CONFIGURATIONS.values():
    # The recursion of JSON is meant by its name, which only its own module knows.
    _adapter.rebuild(raise_errors=True, _types_namespace={"NestedJson": PydanticJson})


def configuration_to_domain(mode: str, tree: object) -> Configuration:
    """The configuration that is stored as a JSON tree."""
    return _CONFIGURATIONS[mode].validate_python(tree)


def configuration_to_json(configuration: Configuration) -> dict[str, Any]:
    """The configuration as a JSON tree; its mode is a column beside it."""
    tree: dict[str, Any] = _CONFIGURATIONS[configuration.mode].dump_python(
        configuration, mode="json"
    )
    return tree


def to_domain(row: AppRow) -> App:
    """The app of a row."""
    return App(
        id=AppId(row.id),
        tenant_id=TenantId(row.tenant_id),
        mode=AppMode(row.mode),
        version=row.version,
        state=AppState(
            profile=AppProfile(
                name=row.name, slug=row.slug, description=row.description, icon=row.icon
            ),
            draft=Draft(
                configuration=configuration_to_domain(row.mode, row.draft),
                version=row.draft_version,
                updated_at=row.draft_updated_at,
                updated_by=row.draft_updated_by,
            ),
            published=published_of(row.published_version_id, row.published_number),
            status=AppStatus(row.status),
            created_at=row.created_at,
            created_by=row.created_by,
            updated_at=row.updated_at,
            updated_by=row.updated_by,
            deleted_at=row.deleted_at,
        ),
    )


def write(app: App, row: AppRow) -> None:
    """Copy the app to its row."""
    state = app.state
    row.id = app.id
    row.tenant_id = app.tenant_id
    row.mode = app.mode.value
    row.version = app.version
    row.name = state.profile.name
    row.name_folded = state.profile.name.casefold()
    row.slug = state.profile.slug
    row.description = state.profile.description
    row.icon = state.profile.icon
    row.status = state.status.value
    row.draft = configuration_to_json(state.draft.configuration)
    row.draft_version = state.draft.version
    row.draft_updated_at = state.draft.updated_at
    row.draft_updated_by = state.draft.updated_by
    row.published_version_id = None if state.published is None else state.published.version_id
    row.published_number = None if state.published is None else state.published.number
    row.created_at = state.created_at
    row.created_by = state.created_by
    row.updated_at = state.updated_at
    row.updated_by = state.updated_by
    row.deleted_at = state.deleted_at


def published_of(version_id: UUID | None, number: int | None) -> Published | None:
    """Which version is published, from the two columns that say so."""
    if version_id is None or number is None:
        return None
    return Published(version_id=AppVersionId(version_id), number=number)


def version_to_domain(row: AppVersionRow) -> AppVersion:
    """The version of a row."""
    return AppVersion(
        id=AppVersionId(row.id),
        tenant_id=TenantId(row.tenant_id),
        app_id=AppId(row.app_id),
        number=row.number,
        configuration=configuration_to_domain(row.mode, row.configuration),
        graph_hash=row.graph_hash,
        label=row.label,
        note=row.note,
        published_at=row.published_at,
        published_by=row.published_by,
    )


def version_to_row(version: AppVersion) -> AppVersionRow:
    """A row for a new version."""
    return AppVersionRow(
        id=version.id,
        tenant_id=version.tenant_id,
        app_id=version.app_id,
        number=version.number,
        mode=version.configuration.mode.value,
        configuration=configuration_to_json(version.configuration),
        graph_hash=version.graph_hash,
        label=version.label,
        note=version.note,
        published_at=version.published_at,
        published_by=version.published_by,
    )
