"""Bounds what each tenant takes of something that all share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


class NoneFree(Exception):
    """All that one key may hold is taken, and stayed so."""


@dataclass(slots=True)
class _Share:
    free: asyncio.Semaphore
    interested: int = 0


class FairShares:
    """So many at once for each key; who is beyond that waits, first come, first served."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def taking(self, key: str, *, patience: float | None = None) -> AsyncIterator[None]:
        """Hold one; waits at most `patience` seconds for it.

        Raises:
            NoneFree: none was given back in that time.
        """
        share = self._shares.setdefault(key, _Share(asyncio.Semaphore(self._at_once)))
        share.interested += 1
        try:
            try:
                async with asyncio.timeout(patience):
                    await share.free.acquire()
            except TimeoutError:
                raise NoneFree from None
            try:
                yield
            finally:
                share.free.release()
        finally:
            share.interested -= 1
            if not share.interested:
                del self._shares[key]
