"""The storage in memory keeps the promises of every storage."""

import pytest

from dify_hex.application.file.ports import FileStorage
from dify_hex.application.shared.blob_storage import BlobStorage
from tests.conformance.blob_storage import BlobStorageConformance
from tests.conformance.file_storage import FileStorageConformance
from tests.fakes.memory_storage import MemoryBlobStorage, MemoryFileStorage


class TestMemoryFileStorage(FileStorageConformance):
    @pytest.fixture
    def storage(self) -> FileStorage:
        return MemoryFileStorage()


class TestMemoryBlobStorage(BlobStorageConformance):
    @pytest.fixture
    def blobs(self) -> BlobStorage:
        return MemoryBlobStorage()
