"""Files in memory."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from dify_hex.application.file.ports import DoneFile, DoneFiles, FileWork
from dify_hex.application.shared.clock import Clock
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import File, FileStatus
from dify_hex.domain.file.repository import FileRepository
from dify_hex.domain.shared.ids import FileId
from tests.fakes.memory_work import MemoryDatabase, MemoryTable, MemoryWork


class MemoryFileRepository(FileRepository):
    """The files of one unit of work."""

    def __init__(self, table: MemoryTable[File]) -> None:
        self._table = table

    async def get(self, file_id: FileId) -> File:
        file = self._table.find(file_id)
        if file is None:
            raise FileNotFound
        return file

    async def find_all(self, file_ids: Collection[FileId]) -> Mapping[FileId, File]:
        found = (self._table.find(file_id) for file_id in file_ids)
        return {file.id: file for file in found if file is not None}

    def add(self, file: File) -> None:
        self._table.add(file.id, file)

    async def remove(self, file: File) -> None:
        self._table.remove(file.id)


class MemoryFileWork(MemoryWork, FileWork):
    """A unit of work over files."""

    @cached_property
    def files(self) -> MemoryFileRepository:
        return MemoryFileRepository(self.table(File))


class MemoryDoneFiles(DoneFiles):
    """The files of all tenants that are over."""

    def __init__(self, database: MemoryDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def due(self, *, limit: int, given_up_before: datetime) -> Sequence[DoneFile]:
        over = [
            DoneFile(id=file.id, key=file.key)
            for file in self._database.all(File)
            if self._is_over(file, given_up_before)
        ]
        return over[:limit]

    async def forget(self, file_ids: Sequence[FileId]) -> None:
        rows = self._database.tables[File]
        for key in [key for key in rows if key[1] in file_ids]:
            del rows[key]

    def _is_over(self, file: File, given_up_before: datetime) -> bool:
        state = file.state
        match state.status:
            case FileStatus.DELETED:
                return True
            case FileStatus.UPLOADING:
                return state.updated_at < given_up_before
            case FileStatus.AVAILABLE:
                return state.expires_at is not None and state.expires_at < self._clock.now()
