"""What runs make is kept beside what is handed in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from dify_hex.application.file.file_intake import FileIntake
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.generated_files import (
    NoGeneratedFiles,
    RunOwner,
    StoredGeneratedFiles,
)
from dify_hex.domain.file.errors import FileEmpty, FileTooLarge, FileTypeUnsupported
from dify_hex.domain.file.file import File, FileSource
from dify_hex.domain.file.limits import FileLimits
from dify_hex.domain.shared.ids import AppId, TenantId
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference
from tests.builders.file import ANN, PNG, TENANT
from tests.fakes.identity import TurnableClock
from tests.fakes.memory_file import MemoryFileWork
from tests.fakes.memory_storage import MemoryFileStorage
from tests.fakes.memory_work import MemoryDatabase

OWNER = RunOwner(tenant_id=TENANT, app_id=AppId(new_id()), user=ANN)


async def parts(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 3_000):
        yield content[start : start + 3_000]


@dataclass
class House:
    """A tenant's files; small ones are too large already."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    storage: MemoryFileStorage = field(default_factory=MemoryFileStorage)
    clock: TurnableClock = field(default_factory=TurnableClock)

    def begin(self, tenant_id: TenantId) -> MemoryFileWork:
        return MemoryFileWork(self.database, tenant_id)

    async def keep(self, name: str, content: bytes) -> FileReference:
        limits = FileLimits(
            max_bytes=dict.fromkeys(FileKind, 20_000), blocked_extensions=frozenset({"exe"})
        )
        intake = FileIntake(begin=self.begin, clock=self.clock, storage=self.storage, limits=limits)
        kept = StoredGeneratedFiles(intake=intake, clock=self.clock)
        return await kept.keep(OWNER, name, parts(content))

    @property
    def files(self) -> list[File]:
        return list(self.database.all(File))


@pytest.fixture
def house() -> House:
    return House()


async def test_what_a_run_makes_is_a_file_of_its_app_and_end_user(house: House) -> None:
    reference = await house.keep("cat.png", PNG)

    (file,) = house.files
    owner = file.state.owner
    assert file.source is FileSource.GENERATED
    assert (owner.app_id, owner.user, owner.account_id) == (OWNER.app_id, ANN, None)
    assert house.storage.contents[file.key] == PNG
    assert (reference.id, reference.name, reference.size) == (file.id, "cat.png", len(PNG))


@pytest.mark.parametrize(
    ("name", "content", "kept_as"),
    [
        ("cat.pdf", PNG, "file.png"),
        ("photo.png", b"\x7fELF\x02\x01" + bytes(50), "file"),
        ("../../etc/passwd", b"root", "file"),
        ("", b"text", "file"),
    ],
)
async def test_a_name_that_cannot_be_kept_gives_way_to_the_content(
    house: House, name: str, content: bytes, kept_as: str
) -> None:
    assert (await house.keep(name, content)).name == kept_as


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.txt", b"", FileEmpty),
        ("a.txt", b"a" * 20_001, FileTooLarge),
        ("tool.exe", b"MZ\x00" + bytes(80), FileTypeUnsupported),
    ],
)
async def test_what_cannot_be_kept_leaves_nothing(
    house: House, name: str, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await house.keep(name, content)

    assert (house.files, house.storage.contents) == ([], {})


async def test_without_a_storage_nothing_is_kept() -> None:
    with pytest.raises(StorageUnavailable):
        await NoGeneratedFiles().keep(OWNER, "a.txt", parts(b"a"))
