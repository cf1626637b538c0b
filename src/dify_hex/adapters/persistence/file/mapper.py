"""Files to rows and back."""

from dify_hex.adapters.persistence.file.rows import FileRow
from dify_hex.domain.file.file import (
    File,
    FileContent,
    FileOwner,
    FileSource,
    FileState,
    FileStatus,
)
from dify_hex.domain.file.file_type import FileType
from dify_hex.domain.shared.ids import (
    AccountId,
    ApiKeyId,
    AppId,
    EndUserName,
    FileId,
    FormId,
    TenantId,
)
from dify_hex.domain.shared.values.file_reference import FileKind


def to_domain(row: FileRow) -> File:
    """The file of a row."""
    return File(
        id=FileId(row.id),
        tenant_id=TenantId(row.tenant_id),
        name=row.name,
        type=FileType(kind=FileKind(row.kind), media_type=row.media_type, extension=row.extension),
        source=FileSource(row.source),
        version=row.version,
        state=FileState(
            owner=_owner(row),
            status=FileStatus(row.status),
            content=(
                None
                if row.size is None or row.sha256 is None
                else FileContent(size=row.size, sha256=row.sha256)
            ),
            created_at=row.created_at,
            updated_at=row.updated_at,
            expires_at=row.expires_at,
        ),
    )


def write(file: File, row: FileRow) -> None:
    """Copy the file to its row."""
    state = file.state
    owner, content = state.owner, state.content
    row.id = file.id
    row.tenant_id = file.tenant_id
    row.app_id = owner.app_id
    row.account_id = owner.account_id
    row.api_key_id = owner.api_key_id
    row.end_user = owner.user
    row.form_id = owner.form_id
    row.name = file.name
    row.extension = file.type.extension
    row.kind = file.type.kind.value
    row.media_type = file.type.media_type
    row.source = file.source.value
    row.status = state.status.value
    row.size = None if content is None else content.size
    row.sha256 = None if content is None else content.sha256
    row.created_at = state.created_at
    row.updated_at = state.updated_at
    row.expires_at = state.expires_at
    row.version = file.version


def _owner(row: FileRow) -> FileOwner:
    return FileOwner(
        account_id=None if row.account_id is None else AccountId(row.account_id),
        api_key_id=None if row.api_key_id is None else ApiKeyId(row.api_key_id),
        user=None if row.end_user is None else EndUserName(row.end_user),
        app_id=None if row.app_id is None else AppId(row.app_id),
        form_id=None if row.form_id is None else FormId(row.form_id),
    )
