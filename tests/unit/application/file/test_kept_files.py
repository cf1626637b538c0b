"""Looking at files, fetching them, passing them on, deleting them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from dify_hex.application.file.delete_file import DeleteFileCommand
from dify_hex.application.file.download_file import DownloadFileCommand
from dify_hex.application.file.list_files import ListFiles, ListFilesCommand
from dify_hex.application.file.open_signed_file import OpenSignedFileCommand
from dify_hex.application.file.ports import ByteRange, FileFilter, FileReader
from dify_hex.application.file.read_models import FileView
from dify_hex.application.file.show_file import ShowFileCommand
from dify_hex.application.file.sign_file_url import SignFileUrlCommand
from dify_hex.application.shared.actor import Actor, PermissionDenied
from dify_hex.domain.account.permissions import Permission
from dify_hex.domain.file.errors import (
    FileExpired,
    FileLinkExpired,
    FileLinkInvalid,
    FileNotFound,
)
from dify_hex.domain.shared.ids import AppId, EndUserName, FileId, TenantId
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from tests.builders.file import ANN, PNG, a_file, a_key, a_new_file, a_person
from tests.unit.application.file.conftest import FileHouse

APP, OTHER_APP = AppId(UUID(int=8)), AppId(UUID(int=9))
BOB = EndUserName("bob")
HOUR = timedelta(hours=1)

#: Something that is done with a file: by whom, which, and whose it has to be.
Deed = Callable[[FileHouse, Actor, FileId, EndUserName | None], Awaitable[object]]


async def show(house: FileHouse, actor: Actor, id: FileId, user: EndUserName | None) -> object:
    return await house.show.execute(actor, ShowFileCommand(file_id=id, user=user))


async def download(house: FileHouse, actor: Actor, id: FileId, user: EndUserName | None) -> object:
    return await house.download.execute(actor, DownloadFileCommand(file_id=id, user=user))


async def sign(house: FileHouse, actor: Actor, id: FileId, user: EndUserName | None) -> object:
    return await house.sign.execute(actor, SignFileUrlCommand(file_id=id, user=user))


async def delete(house: FileHouse, actor: Actor, id: FileId, user: EndUserName | None) -> None:
    await house.delete.execute(actor, DeleteFileCommand(file_id=id, user=user))


DEEDS = pytest.mark.parametrize("do", [show, download, sign, delete])


@DEEDS
async def test_the_owner_of_a_file_has_it(house: FileHouse, do: Deed) -> None:
    file = a_file(app_id=APP, user=ANN)
    await house.given(file)

    await do(house, a_key(APP), file.id, ANN)


@DEEDS
@pytest.mark.parametrize(
    ("actor", "user"),
    [
        (a_person(), BOB),
        (a_key(OTHER_APP), None),
        (a_person(tenant_id=TenantId(UUID(int=7))), None),
    ],
    ids=["another end user", "another app's key", "another tenant"],
)
async def test_to_others_a_file_does_not_exist(
    house: FileHouse, do: Deed, actor: Actor, user: EndUserName | None
) -> None:
    file = a_file(app_id=APP, user=ANN)
    await house.given(file)

    with pytest.raises(FileNotFound):
        await do(house, actor, file.id, user)


@DEEDS
async def test_a_bound_key_does_not_have_the_tenants_files(house: FileHouse, do: Deed) -> None:
    file = a_file()
    await house.given(file)

    with pytest.raises(FileNotFound):
        await do(house, a_key(APP), file.id, None)


@DEEDS
async def test_without_the_permission_nothing_is_done(house: FileHouse, do: Deed) -> None:
    file = a_file()
    await house.given(file)

    with pytest.raises(PermissionDenied):
        await do(house, a_person(Permission.APP_RUN), file.id, None)


@DEEDS
async def test_a_file_whose_time_is_over_says_so(house: FileHouse, do: Deed) -> None:
    file = a_file(expires_at=house.clock.now() + HOUR)
    await house.given(file)
    house.turn(HOUR)

    with pytest.raises(FileExpired):
        await do(house, a_person(), file.id, None)


@DEEDS
async def test_a_file_on_its_way_in_is_not_there_yet(house: FileHouse, do: Deed) -> None:
    file = a_new_file()
    await house.given(file)

    with pytest.raises(FileNotFound):
        await do(house, a_person(), file.id, None)


async def test_a_file_is_read_whole_or_in_part(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)

    found = await house.download.execute(a_person(), DownloadFileCommand(file_id=file.id))

    assert b"".join([piece async for piece in await found.read()]) == PNG
    part = await found.read(ByteRange(start=1, end=4))
    assert b"".join([piece async for piece in part]) == b"PNG"
    assert found.type.is_shown_in_place


async def test_a_deleted_file_is_gone_with_its_content(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)

    await house.delete.execute(a_person(), DeleteFileCommand(file_id=file.id))

    assert house.storage.contents == {}
    with pytest.raises(FileNotFound):
        await show(house, a_person(), file.id, None)
    with pytest.raises(FileNotFound):
        await delete(house, a_person(), file.id, None)


async def test_a_file_can_be_deleted_while_the_storage_is_away(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)
    house.storage.away = True

    await house.delete.execute(a_person(), DeleteFileCommand(file_id=file.id))

    with pytest.raises(FileNotFound):
        await show(house, a_person(), file.id, None)
    house.storage.away = False
    assert await house.sweep.execute() == 1
    assert house.storage.contents == {}


async def test_the_sweep_takes_what_is_over_and_nothing_else(house: FileHouse) -> None:
    kept = [a_file(), a_file(expires_at=house.clock.now() + 3 * HOUR), a_new_file()]
    over = [a_file(expires_at=house.clock.now() + HOUR) for _ in range(250)]
    await house.given(*kept, *over)
    house.turn(1.5 * HOUR)

    assert await house.sweep.execute() == 250
    assert await house.sweep.execute() == 0

    assert house.ids == {file.id for file in kept}
    assert set(house.storage.contents) == {file.key for file in kept}


async def test_a_link_opens_its_file_without_credentials(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)
    signed = await house.sign.execute(a_person(), SignFileUrlCommand(file_id=file.id))

    found = await house.open_signed.execute(
        OpenSignedFileCommand(link=signed.link, signature=signed.signature)
    )

    assert found.view.id == file.id


async def test_a_link_ends(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)
    signed = await house.sign.execute(
        a_person(), SignFileUrlCommand(file_id=file.id, lifetime=HOUR)
    )
    house.turn(HOUR)

    with pytest.raises(FileLinkExpired):
        await house.open_signed.execute(
            OpenSignedFileCommand(link=signed.link, signature=signed.signature)
        )


async def test_a_link_does_not_outlive_its_file(house: FileHouse) -> None:
    file = a_file(expires_at=house.clock.now() + HOUR)
    await house.given(file)

    signed = await house.sign.execute(
        a_person(), SignFileUrlCommand(file_id=file.id, lifetime=9 * HOUR)
    )

    assert signed.link.expires_at == house.clock.now() + HOUR


async def test_a_link_that_was_changed_leads_nowhere(house: FileHouse) -> None:
    file, other = a_file(), a_file()
    await house.given(file, other)
    signed = await house.sign.execute(a_person(), SignFileUrlCommand(file_id=file.id))
    link = signed.link

    for changed, signature in (
        (replace(link, file_id=other.id), signed.signature),
        (replace(link, expires_at=link.expires_at + HOUR), signed.signature),
        (replace(link, tenant_id=TenantId(UUID(int=7))), signed.signature),
        (link, ""),
        (link, "é" * 43),
        (link, signed.signature[:-1]),
    ):
        with pytest.raises(FileLinkInvalid):
            await house.open_signed.execute(
                OpenSignedFileCommand(link=changed, signature=signature)
            )


async def test_a_link_ends_with_its_file(house: FileHouse) -> None:
    file = a_file()
    await house.given(file)
    signed = await house.sign.execute(a_person(), SignFileUrlCommand(file_id=file.id))
    await house.delete.execute(a_person(), DeleteFileCommand(file_id=file.id))

    with pytest.raises(FileNotFound):
        await house.open_signed.execute(
            OpenSignedFileCommand(link=signed.link, signature=signed.signature)
        )


class AskedReader(FileReader):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: FileFilter | None = None

    async def list_files(
        self, tenant_id: TenantId, wanted: FileFilter, cursor: CursorRequest
    ) -> CursorPage[FileView]:
        self.asked = wanted
        return CursorPage(items=[], next_cursor=None)


async def test_a_bound_key_lists_the_files_of_its_app() -> None:
    reader = AskedReader()
    command = ListFilesCommand(cursor=CursorRequest(), user=ANN)

    await ListFiles(reader=reader).execute(a_key(APP), command)
    assert reader.asked == FileFilter(app_id=APP, user=ANN)

    await ListFiles(reader=reader).execute(a_person(), command)
    assert reader.asked == FileFilter(user=ANN)
