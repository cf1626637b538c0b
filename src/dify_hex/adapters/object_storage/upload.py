"""One object on its way into a store: whole at the end, or not there at all."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import obstore
from obstore.store import ObjectStore

from dify_hex.adapters.object_storage.errors import translating

#: Parts that travel at the same time.
_PARTS_UNDER_WAY = 2
#: Seconds in which a store has to let go of an upload that is given up.
_ABANDON_TIMEOUT = 5.0


class _Abandoned(Exception):
    """Ends the store's reading of an upload that is given up, so that it removes the parts."""


class Upload:
    """Collects pieces into parts; what fits into one part goes out in a single request.

    Leaving the context without `finish` gives the upload up. The store pulls the parts from a
    queue instead of from the caller's own iterator: so the iterator's errors, and a cancelled
    caller, reach the store as an error, after which it cleans up.
    """

    def __init__(
        self, store: ObjectStore, key: str, *, part_bytes: int, answer_timeout: float
    ) -> None:
        self._store = store
        self._key = key
        self._part_bytes = part_bytes
        self._timeout = answer_timeout
        self._buffer = bytearray()
        self._parts: asyncio.Queue[bytes | _Abandoned | None] = asyncio.Queue(maxsize=1)
        self._storing: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._storing is not None and not self._storing.done():
            await self._abandon(self._storing)

    async def write(self, piece: bytes) -> None:
        """Take a piece in; waits while the store is behind."""
        self._buffer += piece
        while len(self._buffer) > self._part_bytes:
            part = bytes(memoryview(self._buffer)[: self._part_bytes])
            del self._buffer[: self._part_bytes]
            await self._hand_over(part)

    async def finish(self) -> None:
        """Send what is left, and wait until the object is there."""
        if self._storing is None:
            with translating():
                async with asyncio.timeout(self._timeout):
                    await obstore.put_async(self._store, self._key, bytes(self._buffer))
            return
        await self._hand_over(bytes(self._buffer))
        await self._hand_over(None)
        with translating():
            async with asyncio.timeout(self._timeout):
                await asyncio.shield(self._storing)

    async def _hand_over(self, part: bytes | None) -> None:
        storing = self._storing
        if storing is None:
            storing = self._storing = asyncio.create_task(self._store_parts(), name="upload")
        putting = asyncio.create_task(self._parts.put(part))
        try:
            await asyncio.wait(
                (putting, storing), timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED
            )
            with translating():
                if not putting.done():
                    # The store has failed, or has taken nothing for too long.
                    if storing.done():
                        await storing
                    raise TimeoutError
        finally:
            putting.cancel()

    async def _store_parts(self) -> object:
        return await obstore.put_async(
            self._store,
            self._key,
            self._queued(),
            chunk_size=self._part_bytes,
            max_concurrency=_PARTS_UNDER_WAY,
        )

    async def _queued(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            if isinstance(part, _Abandoned):
                raise part
            yield part

    async def _abandon(self, storing: asyncio.Task[object]) -> None:
        if self._parts.full():
            self._parts.get_nowait()
        self._parts.put_nowait(_Abandoned())
        await asyncio.wait((storing,), timeout=_ABANDON_TIMEOUT)
        if storing.done():
            # Whatever it says, somebody else's error has ended it.
            storing.cancelled() or storing.exception()
        else:
            storing.cancel()
