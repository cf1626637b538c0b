"""Files and blobs in an object store, streamed both ways with bounded memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256

import obstore
from obstore.store import ObjectStore

from dify_hex.adapters.object_storage.errors import translating
from dify_hex.adapters.object_storage.upload import Upload
from dify_hex.application.file.ports import ByteRange, FileStorage
from dify_hex.application.shared.blob_storage import BlobNotFound, BlobStorage
from dify_hex.domain.file.errors import FileNotFound
from dify_hex.domain.file.file import FileContent

#: Bytes of a part; what is no larger goes out in one request. S3 takes no smaller parts.
PART_BYTES = 5 << 20
#: Bytes that are read at once on the way out.
PIECE_BYTES = 256 << 10
#: Seconds for one answer of the store: to a small request, to the next piece, to a part.
ANSWER_TIMEOUT = 30.0
#: How many keys of a prefix are removed in one go.
_BATCH = 100


class ObjectFileStorage(FileStorage):
    """The contents of files in one store."""

    def __init__(self, store: ObjectStore, *, answer_timeout: float = ANSWER_TIMEOUT) -> None:
        self._store = store
        self._timeout = answer_timeout

    async def put(self, key: str, content: AsyncIterator[bytes]) -> FileContent:
        """Keep everything that the iterator gives, or nothing."""
        upload = Upload(self._store, key, part_bytes=PART_BYTES, answer_timeout=self._timeout)
        digest = sha256()
        size = 0
        async with upload:
            async for piece in content:
                size += len(piece)
                digest.update(piece)
                await upload.write(piece)
            await upload.finish()
        return FileContent(size=size, sha256=digest.hexdigest())

    async def open(self, key: str, range: ByteRange | None = None) -> AsyncIterator[bytes]:
        """The content in pieces, or that part of it."""
        try:
            with translating():
                async with asyncio.timeout(self._timeout):
                    stream = await _stream(self._store, key, range)
        except FileNotFoundError:
            raise FileNotFound from None
        return _pieces(stream, self._timeout)

    async def exists(self, key: str) -> bool:
        """Whether something is kept under the key."""
        try:
            with translating():
                async with asyncio.timeout(self._timeout):
                    await obstore.head_async(self._store, key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove what is kept under the key; nothing is fine."""
        with suppress(FileNotFoundError), translating():
            async with asyncio.timeout(self._timeout):
                await obstore.delete_async(self._store, key)


class ObjectBlobStorage(BlobStorage):
    """Small blobs, whole, in one store."""

    def __init__(self, store: ObjectStore, *, answer_timeout: float = ANSWER_TIMEOUT) -> None:
        self._store = store
        self._timeout = answer_timeout

    async def put(self, key: str, content: bytes) -> None:
        """Keep the content under the key."""
        with translating():
            async with asyncio.timeout(self._timeout):
                await obstore.put_async(self._store, key, content, use_multipart=False)

    async def get(self, key: str) -> bytes:
        """The content of the key."""
        try:
            with translating():
                async with asyncio.timeout(self._timeout):
                    found = await obstore.get_async(self._store, key)
                    return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise BlobNotFound(key=key) from None

    async def delete(self, prefix: str) -> None:
        """Remove everything below the prefix, batch by batch."""
        with translating():
            listing = obstore.list(self._store, prefix, chunk_size=_BATCH)
            with suppress(StopAsyncIteration):
                while True:
                    async with asyncio.timeout(self._timeout):
                        batch = await listing.__anext__()
                        await self._remove([found["path"] for found in batch])

    async def _remove(self, keys: list[str]) -> None:
        # One after the other where the store is a folder: a key that is gone ends a whole batch.
        for key in keys:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, key)


async def _stream(store: ObjectStore, key: str, range: ByteRange | None) -> AsyncIterator[bytes]:
    if range is None:
        found = await obstore.get_async(store, key)
    else:
        found = await obstore.get_async(store, key, options={"range": (range.start, range.end)})
    return found.stream(min_chunk_size=PIECE_BYTES)


async def _pieces(stream: AsyncIterator[bytes], timeout: float) -> AsyncIterator[bytes]:
    while True:
        try:
            with translating():
                async with asyncio.timeout(timeout):
                    piece = await stream.__anext__()
        except StopAsyncIteration:
            return
        yield piece
