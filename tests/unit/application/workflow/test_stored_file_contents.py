"""The files of a run are read where they are, by whom they may be."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dify_hex.application.shared.identity import new_id
from dify_hex.application.workflow.file_contents import NoFileContents
from dify_hex.application.workflow.stored_file_contents import StoredFileContents
from dify_hex.domain.file.errors import FileExpired, FileNotFound, FileTooLarge
from dify_hex.domain.file.file import File
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import AppId, EndUserName, TenantId
from dify_hex.domain.shared.outbound_errors import (
    OutboundAddressForbidden,
    OutboundResponseTooLarge,
)
from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from tests.builders.file import ANN, PNG, TENANT, a_file
from tests.fakes.identity import TurnableClock
from tests.fakes.memory_file import MemoryFileWork
from tests.fakes.memory_storage import MemoryFileStorage
from tests.fakes.memory_work import MemoryDatabase
from tests.fakes.scripted_outbound import ScriptedOutboundHttp, an_answer

APP = AppId(new_id())
BOB = EndUserName("bob")


class House:
    """A tenant's files, and the net."""

    def __init__(self) -> None:
        self.database = MemoryDatabase()
        self.storage = MemoryFileStorage()
        self.http = ScriptedOutboundHttp()
        self.clock = TurnableClock()
        self.contents = StoredFileContents(
            begin=self.begin, clock=self.clock, storage=self.storage, http=self.http
        )

    def begin(self, tenant_id: TenantId) -> MemoryFileWork:
        return MemoryFileWork(self.database, tenant_id)

    async def keep(self, file: File) -> FileReference:
        """Store the file; the value that names it."""
        async with self.begin(TENANT) as work:
            work.files.add(file)
            await work.commit()
        self.storage.contents[file.key] = PNG
        return FileReference(
            type=FileKind.IMAGE,
            transfer_method=TransferMethod.LOCAL_FILE,
            name=file.name,
            extension=".png",
            mime_type="image/png",
            id=file.id,
        )

    async def read(
        self,
        file: FileReference,
        *,
        tenant_id: TenantId = TENANT,
        user: EndUserName = ANN,
        limit: int = 1 << 20,
    ) -> bytes:
        return await self.contents.read(tenant_id, file, app_id=APP, user=user, limit=limit)


def at_address(url: str = "https://pictures.example/cat.png") -> FileReference:
    return FileReference(
        type=FileKind.IMAGE,
        transfer_method=TransferMethod.REMOTE_URL,
        name="cat.png",
        extension=".png",
        mime_type="image/png",
        url=url,
    )


@pytest.fixture
def house() -> House:
    return House()


async def test_a_file_of_ours_is_read_whole(house: House) -> None:
    file = await house.keep(a_file(user=ANN, app_id=APP))

    assert await house.read(file) == PNG


async def test_a_file_of_somebody_else_is_not_there(house: House) -> None:
    theirs = await house.keep(a_file(user=ANN))
    of_another_app = await house.keep(a_file(app_id=AppId(new_id())))

    with pytest.raises(FileNotFound):
        await house.read(theirs, user=BOB)
    with pytest.raises(FileNotFound):
        await house.read(of_another_app)
    with pytest.raises(FileNotFound):
        await house.read(theirs, tenant_id=TenantId(new_id()))


async def test_a_file_whose_time_is_over_is_not_read(house: House) -> None:
    file = await house.keep(a_file(expires_at=house.clock.now() + timedelta(hours=1)))
    house.clock.turn(timedelta(hours=2))

    with pytest.raises(FileExpired):
        await house.read(file)


async def test_a_file_beyond_the_limit_is_not_read(house: House) -> None:
    file = await house.keep(a_file())

    with pytest.raises(FileTooLarge):
        await house.read(file, limit=len(PNG) - 1)


async def test_a_file_is_opened_under_the_name_it_is_on_record_with(house: House) -> None:
    file = await house.keep(a_file())
    claimed = replace(file, name="other.txt", mime_type="text/plain", size=1)

    opened = await house.contents.open(TENANT, claimed, app_id=APP, user=ANN, limit=1 << 20)

    assert (opened.name, opened.media_type, opened.size) == (file.name, "image/png", len(PNG))
    for _ in range(2):
        assert b"".join([part async for part in opened.parts()]) == PNG


async def test_where_no_files_are_kept_there_is_nothing_in_them() -> None:
    for look in (NoFileContents().read, NoFileContents().open):
        with pytest.raises(FileNotFound):
            await look(TENANT, at_address(), app_id=APP, user=ANN, limit=1)


async def test_a_value_that_names_no_file_is_none(house: House) -> None:
    nameless = FileReference(
        type=FileKind.IMAGE,
        transfer_method=TransferMethod.LOCAL_FILE,
        name="x",
        extension="",
        mime_type="image/png",
    )

    with pytest.raises(FileNotFound):
        await house.read(nameless)


class TestAddress:
    async def test_it_is_fetched_by_the_guarded_client(self, house: House) -> None:
        house.http.answers = [an_answer(b"cat")]

        assert await house.read(at_address(), limit=500) == b"cat"
        (asked,) = house.http.asked
        assert (asked.tenant_id, asked.limits.max_body_bytes) == (TENANT, 500)

    async def test_what_is_not_there_is_no_file(self, house: House) -> None:
        house.http.answers = [an_answer(status=404)]

        with pytest.raises(FileNotFound):
            await house.read(at_address())

    @pytest.mark.parametrize(
        ("failure", "error"),
        [
            (OutboundResponseTooLarge(host="x", part="body", limit=1), FileTooLarge),
            (OutboundAddressForbidden(host="x", reason="private"), OutboundAddressForbidden),
        ],
    )
    async def test_what_the_client_refuses_is_refused(
        self, house: House, failure: DomainError, error: type[DomainError]
    ) -> None:
        house.http.answers = [failure]

        with pytest.raises(error):
            await house.read(at_address())
