"""The latest entries of one run in this process, read by any number of readers at no cost each."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from dify_hex.adapters.redis.entry_batches import BatchDecoder
from dify_hex.adapters.redis.run_keys import events_key
from dify_hex.application.workflow.ports import (
    Subscription,
)
from dify_hex.application.workflow.records import (
    StreamEntry,
)
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import StreamOverflow

#: A reader that is further behind than this loses its stream.
MAX_ENTRIES = 512
MAX_CHARACTERS = 1 << 20
#: Seconds for which a stream that is out of reach is waited for.
PATIENCE = 10.0


class Owner(Protocol):
    """The writer of a run in this process, as far as its readers are concerned."""

    token: int

    def whole_text(self) -> Sequence[StreamEntry]:
        """The text as it stands after the last entry, for those who missed its beginning."""


class RunTail:
    """A bounded window of entries; a reader is no more than a place in it.

    It is written by the run's owner when that lives here, and fed from Redis otherwise.
    """

    __slots__ = (
        "_characters",
        "_max_characters",
        "_token",
        "_waiting",
        "away_since",
        "begin",
        "decoder",
        "entries",
        "events_key",
        "joining",
        "last_id",
        "owner",
        "readers",
        "run_id",
    )

    def __init__(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, max_characters: int = MAX_CHARACTERS
    ) -> None:
        self.run_id = run_id
        #: The name of the run's stream in Redis.
        self.events_key = events_key(tenant_id, run_id)
        self.entries: list[StreamEntry] = []
        #: How many entries have fallen out at the old end.
        self.begin = 0
        self.readers = 0
        #: Who writes this run, when that happens in this process.
        self.owner: Owner | None = None
        #: Where to go on reading in Redis; None as long as nobody feeds from there.
        self.last_id: bytes | None = None
        self.decoder = BatchDecoder()
        #: Since when Redis could not be reached; None when it can, or is not needed.
        self.away_since: float | None = None
        self.joining = asyncio.Lock()
        self._token = -1
        self._characters = 0
        self._max_characters = max_characters
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def end(self) -> int:
        """The place after the last entry."""
        return self.begin + len(self.entries)

    def append(self, entries: Sequence[StreamEntry]) -> None:
        """Add entries, except those of an owner that has lost the run, and wake the readers."""
        for entry in entries:
            if entry.token >= self._token:
                self._token = entry.token
                self.entries.append(entry)
                self._characters += len(entry.data)
        if len(self.entries) > MAX_ENTRIES or self._characters > self._max_characters:
            self._trim()
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def news(self, timeout: float) -> None:
        """Return when something was appended, at the latest after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._waiting.add(future)
        timer = loop.call_later(timeout, _wake, future)
        try:
            await future
        finally:
            timer.cancel()
            self._waiting.discard(future)

    def _trim(self) -> None:
        # Down to three quarters at once: dropping one by one would move the rest each time.
        drop = max(len(self.entries) - MAX_ENTRIES * 3 // 4, 0)
        self._characters -= sum(len(entry.data) for entry in self.entries[:drop])
        while self._characters > self._max_characters and drop < len(self.entries) - 1:
            self._characters -= len(self.entries[drop].data)
            drop += 1
        del self.entries[:drop]
        self.begin += drop


class TailSubscription(Subscription):
    """A reader of a tail."""

    __slots__ = ("_at", "_first", "_tail")

    def __init__(self, tail: RunTail, at: int, first: Sequence[StreamEntry] | None = None) -> None:
        self._tail = tail
        self._at = at
        #: What comes before the place in the tail; given out once, even when it is empty.
        self._first = first

    async def next(self, timeout: float) -> Sequence[StreamEntry]:
        """New entries as soon as there are any; empty when `timeout` seconds brought none.

        Raises:
            StreamOverflow: what comes next has fallen out of the tail.
            Unavailable: Redis, from which the tail is fed, has been away for too long.
        """
        if self._first is not None:
            first, self._first = self._first, None
            return first
        tail = self._tail
        if self._at == tail.end:
            if timeout <= 0:
                return ()
            await tail.news(timeout)
            if tail.away_since is not None:
                self._give_up_if_away_too_long(tail.away_since)
        if self._at < tail.begin:
            raise StreamOverflow
        entries = tail.entries[self._at - tail.begin :]
        self._at = tail.end
        return entries

    def _give_up_if_away_too_long(self, away_since: float) -> None:
        if asyncio.get_running_loop().time() - away_since > PATIENCE:
            raise Unavailable("The event stream is out of reach.", dependency="redis")


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
