"""Collects what the runs of a process want written, and commits it in groups."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from dify_hex.application.workflow.records import (
    JournalRow,
    RunEnding,
)
from dify_hex.domain.shared.errors import Unavailable

#: Transactions under way at a time.
WRITERS = 2
#: Requests that one transaction takes at most, and that are not worth being shared out.
MAX_BATCH, SMALL_BATCH = 256, 8
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

    @property
    def run_id(self) -> UUID | None:
        """The run that asks."""
        return self.rows[0].run_id if self.rows else None


#: Commits a batch in one transaction; tells for each request None or the error it alone has met.
WriteBatch = Callable[[Sequence[CommitRequest]], Awaitable[Sequence[Exception | None]]]


class GroupCommit:
    """Few writers per process: while transactions are on their way, the next batch gathers.

    What runs ask for is shared out among the writers that are free, so that some runs go on while
    others wait for the disk. The requests of one run are committed in the order in which they
    came: none is taken up while an earlier one is on its way. A database that is away is tried
    again until it is back, with the same rows: whether they had arrived is found out then.
    """

    def __init__(self, write: WriteBatch) -> None:
        self._write = write
        self._queue: deque[CommitRequest] = deque()
        self._writers: set[asyncio.Task[None]] = set()
        #: Batches on their way, and the runs whose requests are in them.
        self._batches = 0
        self._under_way: set[UUID | None] = set()
        self._timer: asyncio.TimerHandle | None = None

    def submit(self, request: CommitRequest, *, urgent: bool) -> asyncio.Future[None]:
        """Take a request in; done when it is committed, or has met its own error."""
        self._queue.append(request)
        if urgent:
            self._start()
        elif not self._writers and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._start)
        return request.done

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if len(self._writers) < WRITERS:
            writer = asyncio.create_task(self._drain())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)

    async def _drain(self) -> None:
        # One turn of the loop lets everybody who is ready join the first batch.
        await asyncio.sleep(0)
        while batch := self._next_batch():
            runs = {request.run_id for request in batch}
            self._under_way |= runs
            self._batches += 1
            try:
                await self._commit(batch)
            finally:
                self._batches -= 1
                self._under_way -= runs

    def _next_batch(self) -> Sequence[CommitRequest]:
        """The share of a writer: what has come in, less what waits for the other one."""
        share = max(SMALL_BATCH, -(-len(self._queue) // (WRITERS - self._batches)))
        batch, waiting = list[CommitRequest](), list[CommitRequest]()
        while self._queue and len(batch) < min(share, MAX_BATCH):
            request = self._queue.popleft()
            (waiting if request.run_id in self._under_way else batch).append(request)
        self._queue.extendleft(reversed(waiting))
        return batch

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
