"""Contents of files and blobs in memory."""

from collections.abc import AsyncIterator
from hashlib import sha256

from dify_hex.application.file.ports import ByteRange, FileStorage
from dify_hex.application.shared.blob_storage import (
    BlobNotFound,
    BlobStorage,
    StorageUnavailable,
)
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import FileContent

_PIECE = 64 << 10


class MemoryFileStorage(FileStorage):
    """Contents by key; `away` makes it refuse everything, as a storage that is down."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.away = False

    async def put(self, key: str, content: AsyncIterator[bytes]) -> FileContent:
        self._require_there()
        whole = b"".join([piece async for piece in content])
        self.contents[key] = whole
        return FileContent(size=len(whole), sha256=sha256(whole).hexdigest())

    async def open(self, key: str, range: ByteRange | None = None) -> AsyncIterator[bytes]:
        self._require_there()
        if key not in self.contents:
            raise FileNotFound
        whole = self.contents[key]
        return _pieces(whole if range is None else whole[range.start : range.end])

    async def exists(self, key: str) -> bool:
        self._require_there()
        return key in self.contents

    async def delete(self, key: str) -> None:
        self._require_there()
        self.contents.pop(key, None)

    def _require_there(self) -> None:
        if self.away:
            raise StorageUnavailable(dependency="storage")


class MemoryBlobStorage(BlobStorage):
    """Blobs by key."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    async def put(self, key: str, content: bytes) -> None:
        self.blobs[key] = content

    async def get(self, key: str) -> bytes:
        if key not in self.blobs:
            raise BlobNotFound(key=key)
        return self.blobs[key]

    async def delete(self, prefix: str) -> None:
        below = [key for key in self.blobs if key == prefix or key.startswith(f"{prefix}/")]
        for key in below:
            del self.blobs[key]


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]
