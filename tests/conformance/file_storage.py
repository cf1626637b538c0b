"""What every storage of files promises, wherever it keeps them."""

import asyncio
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import uuid4

import pytest

from dify_hex.application.file.ports import ByteRange, FileStorage
from dify_hex.domain.file.errors import FileNotFound

#: More than one part of an upload.
LARGE = 12 << 20


async def pieces_of(content: bytes, size: int = 64 << 10) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def broken_after(content: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces_of(content):
        yield piece
    raise ConnectionAbortedError("the sender hung up")


async def everything(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


class FileStorageConformance:
    """Subclasses provide `storage`."""

    @pytest.fixture
    def key(self) -> str:
        return f"t/{uuid4()}/files/{uuid4()}"

    @pytest.mark.parametrize("size", [0, 1, 64 << 10, 5 << 20, LARGE])
    async def test_what_was_put_comes_back(self, storage: FileStorage, key: str, size: int) -> None:
        content = os.urandom(size)

        stored = await storage.put(key, pieces_of(content))

        assert (stored.size, stored.sha256) == (size, sha256(content).hexdigest())
        assert await everything(await storage.open(key)) == content

    async def test_a_range_gives_that_part(self, storage: FileStorage, key: str) -> None:
        content = os.urandom(300_000)
        await storage.put(key, pieces_of(content))

        part = await everything(await storage.open(key, ByteRange(start=1_000, end=290_000)))

        assert part == content[1_000:290_000]

    async def test_what_is_not_there_is_not_found(self, storage: FileStorage, key: str) -> None:
        with pytest.raises(FileNotFound):
            await storage.open(key)
        assert not await storage.exists(key)

    async def test_what_was_deleted_is_gone(self, storage: FileStorage, key: str) -> None:
        await storage.put(key, pieces_of(b"content"))
        assert await storage.exists(key)

        await storage.delete(key)
        await storage.delete(key)

        assert not await storage.exists(key)

    @pytest.mark.parametrize("size", [100, LARGE])
    async def test_a_sender_that_breaks_off_leaves_nothing(
        self, storage: FileStorage, key: str, size: int
    ) -> None:
        with pytest.raises(ConnectionAbortedError):
            await storage.put(key, broken_after(bytes(size)))

        assert not await storage.exists(key)

    async def test_a_caller_that_is_cancelled_leaves_nothing(
        self, storage: FileStorage, key: str
    ) -> None:
        under_way = asyncio.Event()

        async def endless() -> AsyncIterator[bytes]:
            async for piece in pieces_of(bytes(LARGE)):
                yield piece
            under_way.set()
            await asyncio.Event().wait()

        putting = asyncio.create_task(storage.put(key, endless()))
        await under_way.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting

        assert not await storage.exists(key)

    async def test_a_reader_that_leaves_early_disturbs_nobody(
        self, storage: FileStorage, key: str
    ) -> None:
        content = os.urandom(2 << 20)
        await storage.put(key, pieces_of(content))

        first = await anext(await storage.open(key))

        assert content.startswith(first)
        assert await everything(await storage.open(key)) == content

    async def test_the_latest_content_of_a_key_counts(self, storage: FileStorage, key: str) -> None:
        await storage.put(key, pieces_of(b"old"))
        await storage.put(key, pieces_of(b"new"))

        assert await everything(await storage.open(key)) == b"new"
