"""Event streams of runs on Redis Streams; readers in the owner's own process do not need Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Self

import structlog
from redis.asyncio import Redis

from dify_hex.adapters.redis.entry_batches import BatchDecoder
from dify_hex.adapters.redis.presence import Presence
from dify_hex.adapters.redis.run_event_feed import RunEventFeed
from dify_hex.adapters.redis.run_event_writer import RunEventSender
from dify_hex.adapters.redis.run_outbox import RunOutbox
from dify_hex.adapters.redis.run_tail import MAX_CHARACTERS, RunTail, TailSubscription
from dify_hex.application.workflow.ports import (
    GAP,
    RunEventStream,
    StreamWriter,
    Subscription,
)
from dify_hex.application.workflow.records import (
    Lease,
    StreamEntry,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId

#: Seconds that the last entries of a run get to reach Redis.
_CLOSE_TIMEOUT = 1.0
_PAUSE_AFTER_FAULT = 0.5
_CANCEL_AGAIN = 0.2

_log = structlog.get_logger(__name__)


class RedisRunEventStream(RunEventStream, AbstractAsyncContextManager["RedisRunEventStream"]):
    """One per process; works while its context is open.

    Each run that is written or read here has a tail, which all its readers share. The owner writes
    the tail directly and Redis beside it; the tail of any other run is fed from Redis.
    """

    def __init__(
        self, client: Redis, *, process: str, tail_characters: int = MAX_CHARACTERS
    ) -> None:
        self._tail_characters = tail_characters
        self._sender = RunEventSender(client)
        self._feed = RunEventFeed(client)
        self._presence = Presence(client, process)
        self._tails: dict[str, RunTail] = {}
        self._outboxes: set[RunOutbox] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(_always(part.run), name=type(part).__name__)
            for part in (self._sender, self._feed, self._presence)
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        unsettled = [asyncio.create_task(box.settled.wait()) for box in self._outboxes]
        if unsettled:
            await asyncio.wait(unsettled, timeout=_CLOSE_TIMEOUT)
        pending = {*unsettled, *self._tasks}
        while pending:
            # A cancellation that meets a time limit of the client's own may be lost in it.
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN)

    def open(self, lease: Lease) -> StreamWriter:
        """Begin to write for a run; readers see nothing of an owner with a lower token any more."""
        tail = self._tail(lease.tenant_id, lease.run_id)
        if tail.owner is not None or tail.last_id is not None:
            # What the former owner wrote last may not have arrived.
            tail.append([StreamEntry(lease.token, 0, 0, GAP, "")])
        self._feed.remove(tail)
        outbox = RunOutbox(lease, tail)
        tail.owner = outbox
        self._outboxes.add(outbox)
        self._sender.add(outbox)
        return _Writer(outbox, self._sender, self._close)

    @asynccontextmanager
    async def subscribe(
        self, tenant_id: TenantId, run_id: WorkflowRunId
    ) -> AsyncIterator[Subscription]:
        """Follow a run from the oldest entry that is still kept; counts as a reader meanwhile."""
        tail = self._tail(tenant_id, run_id)
        tail.readers += 1
        self._presence.arrive(run_id)
        try:
            yield await self._subscription(tail)
        finally:
            tail.readers -= 1
            self._presence.leave(run_id)
            self._forget_if_unused(tail)

    async def readers(self, runs: Sequence[WorkflowRunId]) -> Mapping[WorkflowRunId, int | None]:
        """How many read each run, at least; None when that cannot be known."""
        return await self._presence.count(runs)

    async def _subscription(self, tail: RunTail) -> TailSubscription:
        owner = tail.owner
        if owner is None:
            at, first = await self._feed.join(tail)
            return TailSubscription(tail, at, first)
        if tail.begin == 0:
            return TailSubscription(tail, 0)
        kept = [StreamEntry(owner.token, 0, 0, GAP, ""), *tail.entries, *owner.whole_text()]
        return TailSubscription(tail, tail.end, kept)

    def _tail(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunTail:
        tail = RunTail(tenant_id, run_id, max_characters=self._tail_characters)
        return self._tails.setdefault(tail.events_key, tail)

    async def _close(self, outbox: RunOutbox) -> None:
        try:
            # While Redis is away nobody waits for it: readers elsewhere ask the journal then.
            async with asyncio.timeout(0 if self._sender.is_away else _CLOSE_TIMEOUT):
                await outbox.settled.wait()
        except TimeoutError:
            _log.warning("run_stream.cut_short", run_id=str(outbox.tail.run_id))
        finally:
            self._sender.remove(outbox)
            self._outboxes.discard(outbox)
            self._disown(outbox)

    def _disown(self, outbox: RunOutbox) -> None:
        tail = outbox.tail
        if tail.owner is not outbox:
            return
        tail.owner = None
        if tail.readers:
            # Another process may go on with the run; whoever reads it here goes on as well.
            decoder = BatchDecoder(token=outbox.token, next_number=outbox.next_number)
            self._feed.add(tail, outbox.last_id, decoder)
        self._forget_if_unused(tail)

    def _forget_if_unused(self, tail: RunTail) -> None:
        if tail.readers == 0 and tail.owner is None and self._tails.get(tail.events_key) is tail:
            self._feed.remove(tail)
            del self._tails[tail.events_key]


class _Writer(StreamWriter):
    """The owner's end: the tail at once, Redis soon."""

    def __init__(
        self,
        outbox: RunOutbox,
        sender: RunEventSender,
        close: Callable[[RunOutbox], Awaitable[None]],
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._close = close

    def write(self, entries: Sequence[StreamEntry]) -> None:
        """Pass entries on, in order; never waits."""
        if entries and not self._outbox.is_closed:
            self._outbox.tail.append(entries)
            self._outbox.put(entries)
            self._sender.notice(self._outbox)

    async def close(self) -> None:
        """Send what is still buffered, within a time limit, and let go."""
        if not self._outbox.is_closed:
            self._outbox.is_closed = True
            await self._close(self._outbox)


async def _always(run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; a fault must not end the streams of a whole process."""
    while True:
        try:
            await run()
        except Exception:  # noqa: BLE001 - whatever it was, streams must go on
            _log.exception("run_stream.fault")
            await asyncio.sleep(_PAUSE_AFTER_FAULT)
