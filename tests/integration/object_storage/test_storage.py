"""Files and blobs in real stores: a folder, and the client's own memory."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore, ObjectStore

from dify_hex.adapters.object_storage.storage import ObjectBlobStorage, ObjectFileStorage
from dify_hex.adapters.object_storage.stores import StorageNotUnderstood, open_store
from dify_hex.application.file.ports import FileStorage
from dify_hex.application.shared.blob_storage import BlobStorage, StorageUnavailable
from tests.conformance.blob_storage import BlobStorageConformance
from tests.conformance.file_storage import LARGE, FileStorageConformance, broken_after, pieces_of

KEY = "t/1/files/2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, folder: Path) -> ObjectStore:
    return open_store(None if request.param == "folder" else "memory://", folder)


class TestFilesInStores(FileStorageConformance):
    @pytest.fixture
    def storage(self, store: ObjectStore) -> FileStorage:
        return ObjectFileStorage(store)


class TestBlobsInStores(BlobStorageConformance):
    @pytest.fixture
    def blobs(self, store: ObjectStore) -> BlobStorage:
        return ObjectBlobStorage(store)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def put_in_the_way(folder: Path) -> None:
    folder.rmdir()
    folder.write_text("in the way")


class TestFolder:
    @pytest.fixture
    def storage(self, folder: Path) -> FileStorage:
        return ObjectFileStorage(open_store(None, folder))

    async def test_an_upload_that_breaks_off_leaves_no_file_of_any_name(
        self, storage: FileStorage, folder: Path
    ) -> None:
        with pytest.raises(ConnectionAbortedError):
            await storage.put(KEY, broken_after(bytes(LARGE)))

        assert files_below(folder) == []

    def test_nobody_else_may_look_into_the_folder(self, storage: FileStorage, folder: Path) -> None:
        assert folder.stat().st_mode & 0o077 == 0

    async def test_a_folder_that_cannot_be_written_is_told_as_an_outage(
        self, storage: FileStorage, folder: Path
    ) -> None:
        put_in_the_way(folder)

        for size in (10, LARGE):
            with pytest.raises(StorageUnavailable) as refused:
                await storage.put(KEY, pieces_of(bytes(size)))
            assert refused.value.details == {"dependency": "storage"}


async def test_a_server_that_is_away_is_told_as_an_outage(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    storage = ObjectFileStorage(open_store("s3://bucket/below", folder), answer_timeout=0.5)

    for action in (
        storage.open(KEY),
        storage.exists(KEY),
        storage.delete(KEY),
        storage.put(KEY, pieces_of(b"content")),
        storage.put(KEY, pieces_of(bytes(LARGE))),
    ):
        with pytest.raises(StorageUnavailable):
            await action


async def test_a_slow_sender_is_waited_for_and_a_slow_store_is_not(folder: Path) -> None:
    storage = ObjectFileStorage(open_store(None, folder), answer_timeout=0.3)

    async def slowly() -> AsyncIterator[bytes]:
        async for piece in pieces_of(bytes(LARGE), size=4 << 20):
            await asyncio.sleep(0.4)
            yield piece

    assert (await storage.put(KEY, slowly())).size == LARGE


def test_each_url_opens_its_kind_of_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "somebody")
    named = tmp_path / "named"

    assert isinstance(open_store(None, tmp_path / "default"), LocalStore)
    assert isinstance(open_store(named.as_uri(), tmp_path / "default"), LocalStore)
    assert named.is_dir()
    assert isinstance(open_store("memory://", tmp_path), MemoryStore)
    for url in ("s3://bucket/path", "gs://bucket", "az://container"):
        open_store(url, tmp_path)


def test_what_a_vendor_misses_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageNotUnderstood, match="Account must be specified"):
        open_store("az://container", tmp_path)


@pytest.mark.parametrize("url", ["ftp://host/x", "https://host/x", "nonsense", ""])
def test_a_url_that_names_no_store_is_refused_with_what_can_be_said(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(StorageNotUnderstood, match="s3://"):
        open_store(url, tmp_path)
