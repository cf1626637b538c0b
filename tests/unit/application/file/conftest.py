"""Use cases of files over memory."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from dify_hex.adapters.security.file_links import HmacFileLinkSigner
from dify_hex.adapters.security.master_key import Keyring, MasterKey
from dify_hex.application.file.delete_file import DeleteFile
from dify_hex.application.file.download_file import DownloadFile
from dify_hex.application.file.file_intake import FileIntake
from dify_hex.application.file.open_signed_file import OpenSignedFile
from dify_hex.application.file.resolve_file_inputs import ResolveFileInputs
from dify_hex.application.file.show_file import ShowFile
from dify_hex.application.file.sign_file_url import SignFileUrl
from dify_hex.application.file.sweep_expired_files import SweepExpiredFiles
from dify_hex.application.file.upload_file import UploadFile
from dify_hex.domain.file.file import File
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.shared.ids import FileId, TenantId
from dify_hex.domain.shared.values.file_reference import FileKind
from tests.builders.file import PNG
from tests.fakes.identity import TurnableClock
from tests.fakes.memory_file import MemoryDoneFiles, MemoryFileWork
from tests.fakes.memory_storage import MemoryFileStorage
from tests.fakes.memory_work import MemoryDatabase

#: Small, so that small files are too large.
LIMITS = FileLimits(
    max_bytes=dict.fromkeys(FileKind, 20_000), longest_lifetime=None, blocked_extensions=frozenset()
)


@dataclass
class FileHouse:
    """Everything that a use case of files takes, and the use cases."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    storage: MemoryFileStorage = field(default_factory=MemoryFileStorage)
    clock: TurnableClock = field(default_factory=TurnableClock)
    limits: FileLimits = LIMITS
    signer: HmacFileLinkSigner = field(
        default_factory=lambda: HmacFileLinkSigner(Keyring((MasterKey("key-1", b"k" * 32),)))
    )

    def begin(self, tenant_id: TenantId) -> MemoryFileWork:
        return MemoryFileWork(self.database, tenant_id)

    @property
    def upload(self) -> UploadFile:
        intake = FileIntake(
            begin=self.begin, clock=self.clock, storage=self.storage, limits=self.limits
        )
        return UploadFile(intake=intake, clock=self.clock)

    @property
    def show(self) -> ShowFile:
        return ShowFile(begin=self.begin, clock=self.clock)

    @property
    def download(self) -> DownloadFile:
        return DownloadFile(begin=self.begin, clock=self.clock, storage=self.storage)

    @property
    def delete(self) -> DeleteFile:
        return DeleteFile(begin=self.begin, clock=self.clock, storage=self.storage)

    @property
    def sign(self) -> SignFileUrl:
        return SignFileUrl(begin=self.begin, clock=self.clock, signer=self.signer)

    @property
    def open_signed(self) -> OpenSignedFile:
        return OpenSignedFile(
            begin=self.begin, clock=self.clock, storage=self.storage, signer=self.signer
        )

    @property
    def sweep(self) -> SweepExpiredFiles:
        files = MemoryDoneFiles(self.database, self.clock)
        return SweepExpiredFiles(files=files, storage=self.storage, clock=self.clock)

    @property
    def resolve(self) -> ResolveFileInputs:
        return ResolveFileInputs(clock=self.clock)

    async def given(self, *files: File) -> None:
        """Store these, with their contents."""
        for file in files:
            async with self.begin(file.tenant_id) as work:
                work.files.add(file)
                await work.commit()
            self.storage.contents[file.key] = PNG

    def turn(self, by: timedelta) -> None:
        """Let time pass."""
        self.clock.turn(by)

    @property
    def ids(self) -> set[FileId]:
        """The files that are on record."""
        return {file.id for file in self.database.all(File)}


@pytest.fixture
def house() -> FileHouse:
    """An empty house."""
    return FileHouse()
