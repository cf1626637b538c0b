"""Looking at files, straight from SQL."""

from typing import Any

from sqlalchemy import Row, func, or_, select, text

from dify_hex.adapters.persistence.file.rows import LISTED, FileRow
from dify_hex.adapters.persistence.transactions import Reads
from dify_hex.application.file.ports import FileFilter, FileReader
from dify_hex.application.file.read_models import FileView
from dify_hex.domain.file.file import FileSource
from dify_hex.domain.shared.ids import FileId, TenantId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.shared.values.file_reference import FileKind

_FILE = (
    FileRow.id,
    FileRow.app_id,
    FileRow.end_user,
    FileRow.name,
    FileRow.extension,
    FileRow.kind,
    FileRow.media_type,
    FileRow.size,
    FileRow.sha256,
    FileRow.source,
    FileRow.created_at,
    FileRow.expires_at,
)


class SqlFileReader(FileReader):
    """Looks at a tenant's files."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_files(
        self, tenant_id: TenantId, wanted: FileFilter, cursor: CursorRequest
    ) -> CursorPage[FileView]:
        """Files, the latest first: their ids sort by time."""
        statement = (
            select(*_FILE)
            .where(
                FileRow.tenant_id == tenant_id,
                # As text, so that the planner knows it for the condition of the index.
                text(LISTED),
                or_(FileRow.expires_at.is_(None), FileRow.expires_at > func.now()),
            )
            .order_by(FileRow.id.desc())
            .limit(cursor.limit + 1)
        )
        if wanted.app_id is not None:
            statement = statement.where(FileRow.app_id == wanted.app_id)
        if wanted.user is not None:
            statement = statement.where(FileRow.end_user == wanted.user)
        if cursor.after is not None:
            statement = statement.where(FileRow.id < cursor.after)
        async with self._reads(tenant_id) as connection:
            rows = (await connection.execute(statement)).all()
        views = [_view(row) for row in rows[: cursor.limit]]
        return CursorPage(
            items=views, next_cursor=views[-1].id if len(rows) > cursor.limit else None
        )


def _view(row: Row[*tuple[Any, ...]]) -> FileView:
    return FileView(
        id=FileId(row.id),
        app_id=row.app_id,
        user=row.end_user,
        name=row.name,
        extension=row.extension,
        kind=FileKind(row.kind),
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        source=FileSource(row.source),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
