"""Taking in files."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest

from dify_hex.application.file.file_intake import FileDetails
from dify_hex.application.shared.actor import PermissionDenied
from dify_hex.application.shared.blob_storage import StorageUnavailable
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import (
    FileEmpty,
    FileLifetimeInvalid,
    FileNameInvalid,
    FileTooLarge,
    FileTypeUnsupported,
)
from dify_hex.domain.file.file import File, FileSource, FileStatus
from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import AppId
from dify_hex.domain.shared.values.file_reference import FileKind
from tests.builders.file import ANN, PNG, Incoming, a_key, a_person
from tests.unit.application.file.conftest import LIMITS, FileHouse

DAY = timedelta(days=1)


def kept(house: FileHouse) -> File:
    (file,) = house.database.all(File)
    return file


async def test_a_file_is_kept_with_what_it_is(house: FileHouse) -> None:
    details = FileDetails(user=ANN, keep_for=DAY)

    view = await house.upload.execute(a_person(), Incoming(PNG, "Photo.PNG", "image/png", details))

    file = kept(house)
    assert house.storage.contents == {file.key: PNG}
    assert file.state.status is FileStatus.AVAILABLE
    assert (view.id, view.name, view.extension) == (file.id, "Photo.PNG", "png")
    assert (view.kind, view.media_type) == (FileKind.IMAGE, "image/png")
    assert (view.size, view.sha256) == (len(PNG), sha256(PNG).hexdigest())
    assert (view.user, view.app_id, view.source) == (ANN, None, FileSource.UPLOAD)
    assert view.expires_at == house.clock.now() + DAY
    assert file.state.owner.account_id == a_person().account_id


async def test_a_bound_key_brings_files_for_its_app(house: FileHouse) -> None:
    app_id = AppId(UUID(int=9))

    view = await house.upload.execute(a_key(app_id), Incoming())

    assert view.app_id == app_id
    assert kept(house).state.owner.api_key_id == a_key().api_key_id


async def test_the_same_file_sent_twice_is_two_files(house: FileHouse) -> None:
    first = await house.upload.execute(a_person(), Incoming())
    second = await house.upload.execute(a_person(), Incoming())

    assert first.id != second.id
    assert first.sha256 == second.sha256
    assert len(house.storage.contents) == 2


async def test_a_file_of_a_few_bytes_is_a_file(house: FileHouse) -> None:
    view = await house.upload.execute(a_person(), Incoming(b"Hi", "a.txt"))

    assert view.size == 2


async def test_who_may_not_run_apps_brings_no_files(house: FileHouse) -> None:
    with pytest.raises(PermissionDenied):
        await house.upload.execute(a_person(Permission.CONVERSATION_READ), Incoming())


@pytest.mark.parametrize(
    ("incoming", "error"),
    [
        (Incoming(name="../photo.png"), FileNameInvalid),
        (Incoming(b""), FileEmpty),
        (Incoming(b"Hello", "photo.png"), FileTypeUnsupported),
        (Incoming(PNG, "photo.png", "video/mp4"), FileTypeUnsupported),
        (Incoming(PNG + bytes(20_000)), FileTooLarge),
        (Incoming(details=FileDetails(keep_for=timedelta(seconds=1))), FileLifetimeInvalid),
    ],
)
async def test_a_file_that_is_refused_leaves_nothing(
    house: FileHouse, incoming: Incoming, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        await house.upload.execute(a_person(), incoming)

    assert house.storage.contents == {}
    assert house.ids == set()


async def test_a_file_of_a_blocked_type_is_refused(house: FileHouse) -> None:
    house.limits = replace(LIMITS, blocked_extensions=frozenset({"png"}))

    with pytest.raises(FileTypeUnsupported):
        await house.upload.execute(a_person(), Incoming())


async def test_no_more_is_taken_in_than_the_limit(house: FileHouse) -> None:
    incoming = Incoming(PNG + bytes(1_000_000))

    with pytest.raises(FileTooLarge):
        await house.upload.execute(a_person(), incoming)

    assert incoming.taken <= 21_000


async def test_an_upload_that_breaks_off_leaves_nothing(house: FileHouse) -> None:
    with pytest.raises(ConnectionAbortedError):
        await house.upload.execute(a_person(), Incoming(breaks_off=True))

    assert house.storage.contents == {}
    assert house.ids == set()


async def test_an_upload_that_is_cancelled_is_swept_away_later(house: FileHouse) -> None:
    class Endless(Incoming):
        async def content(self) -> AsyncIterator[bytes]:
            yield PNG
            await asyncio.Event().wait()

    uploading = asyncio.create_task(house.upload.execute(a_person(), Endless()))
    await asyncio.sleep(0.01)
    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading
    assert kept(house).state.status is FileStatus.UPLOADING
    assert await house.sweep.execute() == 0

    house.turn(timedelta(hours=3))

    assert await house.sweep.execute() == 1
    assert house.ids == set()


async def test_while_the_storage_is_away_nothing_is_taken_in(house: FileHouse) -> None:
    house.storage.away = True

    with pytest.raises(StorageUnavailable):
        await house.upload.execute(a_person(), Incoming())
    house.turn(timedelta(hours=3))
    house.storage.away = False

    assert await house.sweep.execute() == 1


async def test_an_upload_that_was_given_up_meanwhile_is_no_file(house: FileHouse) -> None:
    class Swept(Incoming):
        async def details(self) -> FileDetails:
            house.turn(timedelta(hours=3))
            await house.sweep.execute()
            return FileDetails()

    with pytest.raises(DomainError) as refused:
        await house.upload.execute(a_person(), Swept())

    assert refused.value.code == "file_not_found"
    assert house.storage.contents == {}
