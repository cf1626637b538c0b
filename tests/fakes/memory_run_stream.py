"""Event streams of runs in memory: several processes around one store that can be lost."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from dify_hex.application.workflow.ports import GAP, RunEventStream, StreamWriter, Subscription
from dify_hex.application.workflow.records import Lease, StreamEntry
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import StreamOverflow

Key = tuple[TenantId, WorkflowRunId]


@dataclass
class KeptStream:
    """One run's entries; `begin` counts those that were trimmed away."""

    entries: list[StreamEntry] = field(default_factory=list)
    begin: int = 0
    token: int = -1
    text: str = ""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, entries: Sequence[StreamEntry]) -> None:
        for entry in entries:
            if entry.token < self.token:
                continue
            self.token = entry.token
            if entry.type == "message.delta":
                self.text += entry.data
            elif entry.type == "message.reset":
                self.text = entry.data
            self.entries.append(entry)
        self.news.set()
        self.news = asyncio.Event()

    def whole_text(self) -> list[StreamEntry]:
        """A gap, and the text as it stands after the last entry."""
        last = self.entries[-1]
        gap = StreamEntry(last.token, 0, 0, GAP, "")
        whole = StreamEntry(last.token, last.seq, last.n, "message.reset", self.text, 0)
        return [gap, whole if self.text else last]


class MemoryStreamStore:
    """What the processes share."""

    def __init__(self, *, limit: int = 1000) -> None:
        self.limit = limit
        self.streams: dict[Key, KeptStream] = {}
        self.reader_counts: dict[WorkflowRunId, int] = {}
        self.is_away = False

    def of(self, key: Key) -> KeptStream:
        return self.streams.setdefault(key, KeptStream())

    def forget(self) -> None:
        """Lose everything; owners notice and begin anew with the whole text."""
        for stream in self.streams.values():
            if stream.entries:
                stream.append(stream.whole_text())
                self._drop(stream, keep=2)

    def trim(self, keep: int) -> None:
        """Drop the oldest entries of every stream."""
        for stream in self.streams.values():
            if len(stream.entries) > keep:
                self._drop(stream, keep=keep)

    def _drop(self, stream: KeptStream, *, keep: int) -> None:
        count = len(stream.entries) - keep
        del stream.entries[:count]
        stream.begin += count


class MemoryRunEventStream(RunEventStream):
    """One process's end of the store."""

    def __init__(self, store: MemoryStreamStore | None = None) -> None:
        self.store = store or MemoryStreamStore()

    def open(self, lease: Lease) -> StreamWriter:
        return _Writer(self.store, (lease.tenant_id, lease.run_id))

    @asynccontextmanager
    async def subscribe(
        self, tenant_id: TenantId, run_id: WorkflowRunId
    ) -> AsyncIterator[Subscription]:
        counts = self.store.reader_counts
        counts[run_id] = counts.get(run_id, 0) + 1
        try:
            yield _Subscription(self.store, self.store.of((tenant_id, run_id)))
        finally:
            counts[run_id] -= 1

    async def readers(self, runs: Sequence[WorkflowRunId]) -> Mapping[WorkflowRunId, int | None]:
        if self.store.is_away:
            return dict.fromkeys(runs)
        return {run_id: self.store.reader_counts.get(run_id, 0) for run_id in runs}


class _Writer(StreamWriter):
    def __init__(self, store: MemoryStreamStore, key: Key) -> None:
        self._store = store
        self._stream = store.of(key)

    def write(self, entries: Sequence[StreamEntry]) -> None:
        self._stream.append(entries)
        while len(self._stream.entries) > self._store.limit:
            self._store.trim(self._store.limit)

    async def close(self) -> None:
        return None


class _Subscription(Subscription):
    def __init__(self, store: MemoryStreamStore, stream: KeptStream) -> None:
        self._store = store
        self._stream = stream
        self._at = stream.begin
        self._first: list[StreamEntry] | None = None
        if stream.begin or not stream.entries:
            self._first = self._kept()

    def _kept(self) -> list[StreamEntry]:
        stream = self._stream
        self._at = stream.begin + len(stream.entries)
        if not stream.entries:
            return []
        gap, whole = stream.whole_text()
        return [gap, *stream.entries, whole]

    async def next(self, timeout: float) -> Sequence[StreamEntry]:
        if self._store.is_away:
            raise Unavailable("The event stream is out of reach.", dependency="memory")
        if self._first is not None:
            first, self._first = self._first, None
            return first
        stream = self._stream
        if self._at == stream.begin + len(stream.entries):
            try:
                async with asyncio.timeout(timeout):
                    await stream.news.wait()
            except TimeoutError:
                return []
        if self._at < stream.begin:
            raise StreamOverflow
        entries = stream.entries[self._at - stream.begin :]
        self._at += len(entries)
        return entries
