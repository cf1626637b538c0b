"""Files on PostgreSQL: kept whole, listed in order, walled off, found when they are over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dify_hex.adapters.persistence.file.done_files import SqlDoneFiles
from dify_hex.adapters.persistence.file.reader import SqlFileReader
from dify_hex.adapters.persistence.transactions import tenant_reads
from dify_hex.adapters.persistence.unit_of_work import SqlUnitOfWork
from dify_hex.application.file.ports import FileFilter
from dify_hex.application.file.read_models import FileView
from dify_hex.application.shared.identity import new_id
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import File, FileOwner, FileSource, FileStatus
from dify_hex.domain.shared.errors import StaleVersion
from dify_hex.domain.shared.ids import AccountId, ApiKeyId, AppId, EndUserName, FileId, TenantId
from dify_hex.domain.shared.paging import CursorRequest
from tests.builders.file import ANN, CONTENT, PNG_TYPE

Begin = Callable[[], SqlUnitOfWork]
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def begin(engine: AsyncEngine, tenant_id: TenantId) -> Begin:
    """Units of work of the tenant."""
    return lambda: SqlUnitOfWork(engine, tenant_id)


@pytest.fixture
def reader(engine: AsyncEngine) -> SqlFileReader:
    """The reader of files."""
    return SqlFileReader(tenant_reads(engine))


@pytest.fixture
def done(system_pool: asyncpg.Pool) -> SqlDoneFiles:
    """What the sweep asks."""
    return SqlDoneFiles(system_pool)


def begun(tenant_id: TenantId, *, app_id: AppId | None = None, now: datetime = NOW) -> File:
    return File.begin(
        id=FileId(new_id()),
        tenant_id=tenant_id,
        name="photo.png",
        type=PNG_TYPE,
        source=FileSource.UPLOAD,
        owner=FileOwner(
            account_id=AccountId(new_id()), api_key_id=ApiKeyId(new_id()), app_id=app_id
        ),
        now=now,
    )


async def keep(begin: Begin, file: File) -> File:
    async with begin() as work:
        work.files.add(file)
        await work.commit()
    return file


async def complete(
    begin: Begin,
    file: File,
    *,
    user: EndUserName | None = ANN,
    expires_at: datetime | None = None,
) -> File:
    await keep(begin, file)
    async with begin() as work:
        stored = await work.files.get(file.id)
        stored.complete(CONTENT, user=user, expires_at=expires_at, now=NOW)
        await work.commit()
    return stored


async def due(done: SqlDoneFiles) -> set[FileId]:
    return {file.id for file in await done.due(limit=1000, given_up_before=NOW - HOUR)}


async def test_every_field_comes_back(begin: Begin, tenant_id: TenantId) -> None:
    file = await complete(
        begin, begun(tenant_id, app_id=AppId(new_id())), expires_at=NOW + 2 * HOUR
    )

    async with begin() as work:
        loaded = await work.files.get(file.id)

    assert loaded.state == file.state
    assert loaded.state.owner.user == ANN
    assert (loaded.id, loaded.tenant_id, loaded.name) == (file.id, tenant_id, "photo.png")
    assert (loaded.type, loaded.source) == (file.type, file.source)
    assert loaded.version == 2


async def test_a_file_on_its_way_in_comes_back_as_such(begin: Begin, tenant_id: TenantId) -> None:
    file = await keep(begin, begun(tenant_id))

    async with begin() as work:
        loaded = await work.files.get(file.id)

    assert (loaded.state.status, loaded.state.content) == (FileStatus.UPLOADING, None)


async def test_a_forgotten_file_is_not_found(begin: Begin, tenant_id: TenantId) -> None:
    file = await keep(begin, begun(tenant_id))
    async with begin() as work:
        await work.files.remove(await work.files.get(file.id))
        await work.commit()

    async with begin() as work:
        with pytest.raises(FileNotFound):
            await work.files.get(file.id)


async def test_of_two_who_change_a_file_one_is_told(begin: Begin, tenant_id: TenantId) -> None:
    file = await complete(begin, begun(tenant_id))
    async with begin() as first, begin() as second:
        for work in (first, second):
            (await work.files.get(file.id)).delete(now=NOW)
        await first.commit()
        with pytest.raises(StaleVersion):
            await second.commit()


async def test_another_tenant_has_none_of_them(
    engine: AsyncEngine, begin: Begin, tenant_id: TenantId, reader: SqlFileReader
) -> None:
    file = await complete(begin, begun(tenant_id))
    other = TenantId(new_id())

    async with SqlUnitOfWork(engine, other) as work:
        assert await work.files.find_all([file.id]) == {}
    assert (await reader.list_files(other, FileFilter(), CursorRequest())).items == []


async def test_what_can_be_used_is_listed_from_the_latest_on(
    begin: Begin, tenant_id: TenantId, reader: SqlFileReader
) -> None:
    app_id = AppId(new_id())
    first = await complete(begin, begun(tenant_id, app_id=app_id))
    second = await complete(begin, begun(tenant_id), user=None, expires_at=NOW + HOUR)
    await keep(begin, begun(tenant_id))
    await complete(begin, begun(tenant_id), expires_at=NOW - HOUR)
    gone = await complete(begin, begun(tenant_id))
    async with begin() as work:
        (await work.files.get(gone.id)).delete(now=NOW)
        await work.commit()

    async def listed(wanted: FileFilter, after: FileId | None = None) -> list[FileId]:
        found = await reader.list_files(tenant_id, wanted, CursorRequest(after=after))
        return [file.id for file in found.items]

    assert await listed(FileFilter()) == [second.id, first.id]
    assert await listed(FileFilter(), after=second.id) == [first.id]
    assert await listed(FileFilter(user=ANN)) == [first.id]
    assert await listed(FileFilter(app_id=app_id)) == [first.id]
    assert await listed(FileFilter(app_id=app_id, user=EndUserName("bob"))) == []


async def test_a_list_shows_files_as_a_look_at_one_does(
    begin: Begin, tenant_id: TenantId, reader: SqlFileReader
) -> None:
    file = await complete(begin, begun(tenant_id), expires_at=NOW + HOUR)

    (shown,) = (await reader.list_files(tenant_id, FileFilter(), CursorRequest())).items

    assert shown == FileView.of(file, CONTENT)


async def test_the_sweep_is_given_what_is_over(
    begin: Begin, tenant_id: TenantId, done: SqlDoneFiles
) -> None:
    kept = [
        await complete(begin, begun(tenant_id)),
        await complete(begin, begun(tenant_id), expires_at=NOW + HOUR),
        await keep(begin, begun(tenant_id)),
    ]
    expired = await complete(begin, begun(tenant_id), expires_at=NOW - HOUR)
    broken_off = await keep(begin, begun(tenant_id, now=NOW - 2 * HOUR))
    deleted = await complete(begin, begun(tenant_id), expires_at=NOW - HOUR)
    async with begin() as work:
        (await work.files.get(deleted.id)).delete(now=NOW)
        await work.commit()

    found = await done.due(limit=1000, given_up_before=NOW - HOUR)

    ours = {file.id: file.key for file in found if str(tenant_id) in file.key}
    assert ours == {file.id: file.key for file in (expired, broken_off, deleted)}
    assert len(found) == len({file.id for file in found})
    await done.forget([file.id for file in (expired, broken_off, deleted)])
    assert await due(done) & {file.id for file in (*kept, expired, broken_off, deleted)} == set()
    async with begin() as work:
        assert len(await work.files.find_all([file.id for file in kept])) == 3


async def test_the_sweep_is_given_no_more_than_it_asks_for(
    begin: Begin, tenant_id: TenantId, done: SqlDoneFiles
) -> None:
    for _ in range(3):
        await complete(begin, begun(tenant_id), expires_at=NOW - HOUR)

    assert len(await done.due(limit=2, given_up_before=NOW)) == 2
