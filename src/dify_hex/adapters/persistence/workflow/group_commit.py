"""Collects what the runs of a process want written, and commits it in groups."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from dify_hex.application.workflow.records import (
    JournalRow,
    RunEnding,
)
from dify_hex.domain.shared.errors import Unavailable

#: Requests that one transaction takes at most.
MAX_BATCH = 256
#: How long rows that nobody waits for may linger, in seconds.
LINGER = 0.05
#: Between tries while the database is away, in seconds.
RETRY_FIRST, RETRY_MOST = 0.05, 1.0


@dataclass(slots=True)
class CommitRequest:
    """The rows of one run, perhaps with its ending; `done` tells when they are committed."""

    rows: Sequence[JournalRow]
    ending: RunEnding | None
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


#: Commits a batch in one transaction; tells for each request None or the error it alone has met.
WriteBatch = Callable[[Sequence[CommitRequest]], Awaitable[Sequence[Exception | None]]]


class GroupCommit:
    """One writer per process: while a transaction is on its way, the next batch gathers.

    Requests are committed in the order in which they came. A database that is away is tried again
    until it is back, with the same rows: whether they had arrived is found out then.
    """

    def __init__(self, write: WriteBatch) -> None:
        self._write = write
        self._queue: deque[CommitRequest] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def submit(self, request: CommitRequest, *, urgent: bool) -> None:
        """Return when the request is committed, or raise its own error."""
        self._queue.append(request)
        if urgent:
            self._start()
        elif self._writer is None and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._start)
        await request.done

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            # One turn of the loop lets everybody who is ready join the first batch.
            await asyncio.sleep(0)
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(MAX_BATCH, len(self._queue)))]
                await self._commit(batch)
        finally:
            self._writer = None

    async def _commit(self, batch: Sequence[CommitRequest]) -> None:
        wait = RETRY_FIRST
        while True:
            try:
                outcomes = await self._write(batch)
            except Unavailable:
                await asyncio.sleep(wait)
                wait = min(wait * 2, RETRY_MOST)
                continue
            except Exception as error:  # noqa: BLE001 - it goes to whoever asked, below
                await self._isolate(batch, error)
                return
            for request, outcome in zip(batch, outcomes, strict=True):
                _settle(request, outcome)
            return

    async def _isolate(self, batch: Sequence[CommitRequest], error: Exception) -> None:
        """One request spoils the transaction for all: find it by committing each alone."""
        if len(batch) == 1:
            _settle(batch[0], error)
            return
        for request in batch:
            await self._commit([request])


def _settle(request: CommitRequest, outcome: Exception | None) -> None:
    if request.done.done():
        return
    if outcome is None:
        request.done.set_result(None)
    else:
        request.done.set_exception(outcome)
