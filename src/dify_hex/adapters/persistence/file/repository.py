"""Files in one unit of work."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from dify_hex.adapters.persistence.file.mapper import to_domain, write
from dify_hex.adapters.persistence.file.rows import FileRow
from dify_hex.adapters.persistence.scope import WorkScope
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import File
from dify_hex.domain.file.repository import FileRepository
from dify_hex.domain.shared.ids import FileId


class SqlFileRepository(FileRepository):
    """The files of the unit of work's tenant."""

    def __init__(self, scope: WorkScope) -> None:
        self._scope = scope

    async def get(self, file_id: FileId) -> File:
        """The file."""
        found = await self.find_all([file_id])
        if file_id not in found:
            raise FileNotFound
        return found[file_id]

    async def find_all(self, file_ids: Collection[FileId]) -> Mapping[FileId, File]:
        """Those of the files that exist."""
        rows = await self._scope.session.scalars(
            select(FileRow).where(
                FileRow.tenant_id == self._scope.tenant_id, FileRow.id.in_(file_ids)
            )
        )
        return {FileId(row.id): self._scope.tracker.load(row, to_domain, write) for row in rows}

    def add(self, file: File) -> None:
        """Keep a new file."""
        self._scope.tracker.add(file, FileRow(), write)

    async def remove(self, file: File) -> None:
        """Forget a file whose content is gone."""
        await self._scope.tracker.remove(file)
