"""Brings a run's facts into the journal and, in the right order, before its readers."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from dify_hex.application.workflow.large_values import LIMIT, outputs_told, spill
from dify_hex.application.workflow.ports import (
    RunEventCodec,
    RunJournal,
    StreamWriter,
)
from dify_hex.application.workflow.records import (
    JournalRow,
    Lease,
    RunEnding,
    StreamEntry,
)
from dify_hex.application.workflow.run_values import RunValues
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.run_events import (
    RunEvent,
    RunPartialSucceeded,
    RunPaused,
    RunResumed,
    RunSucceeded,
)

_SUCCESSES = frozenset({RunSucceeded.type, RunPartialSucceeded.type})


class RunRecorder:
    """Keeps the promise of `strict`: nothing is shown before what came before it is committed.

    Rows and deltas stand in one queue. A row leaves it once it is committed, a delta once no
    uncommitted row stands before it. Where less is promised, both leave it at once; with `none`
    rows are put aside, and written only if the run pauses.

    Large values are stored before the rows that name them, and rows stay in their order meanwhile.
    Without a place for them they stay in their rows.
    """

    def __init__(
        self,
        *,
        lease: Lease,
        journal: RunJournal,
        writer: StreamWriter,
        codec: RunEventCodec,
        durability: Durability = Durability.STRICT,
        values: RunValues | None = None,
    ) -> None:
        self._values = values
        #: Large values that were taken out of events and are not on their way yet, by hash.
        self._spilled: dict[str, bytes] = {}
        self._in_order = asyncio.Lock()
        #: Commits that wait for values to be stored; others do not overtake them.
        self._storing: set[asyncio.Task[None]] = set()
        self._unstored: Exception | None = None
        self._durability = durability
        self._lease = lease
        self._journal = journal
        self._writer = writer
        self._codec = codec
        self._unsent: list[JournalRow] = []
        #: With `none`, what has happened since the run began or was resumed.
        self._aside: list[tuple[StreamEntry, datetime]] = []
        self._waiting: deque[StreamEntry] = deque()
        self._committed_seq = 0
        self._seq = 0
        self._n = 0

    @property
    def position(self) -> tuple[int, int]:
        """The id that the last entry has got."""
        return self._seq, self._n

    @property
    def has_unsent(self) -> bool:
        """Whether rows wait for a commit to ride with."""
        return bool(self._unsent)

    def continue_from(self, seq: int) -> None:
        """Take everything up to `seq` as committed, and shown by whoever committed it."""
        self._seq = self._committed_seq = seq

    def show_committed(self, rows: Sequence[JournalRow]) -> None:
        """Show rows that somebody else has committed for this run, such as its first ones."""
        self.continue_from(rows[-1].seq)
        self._writer.write([_entry(row) for row in rows])

    @property
    def keeps_barriers(self) -> bool:
        """Whether an effect waits until everything recorded before it is committed."""
        return self._durability is Durability.STRICT

    def record(self, events: Sequence[RunEvent]) -> None:
        """Queue events for the journal and for the readers."""
        if not events:
            return
        is_kept = self._durability is not Durability.NONE
        for event in events:
            entry = self._next(event)
            self._waiting.append(entry)
            if is_kept or isinstance(event, RunResumed):
                self._unsent.append(self._row(entry, event.at))
            else:
                self._aside.append((entry, event.at))
        self._n = 0
        if self._durability is not Durability.STRICT:
            self._commit_up_to(self._seq)

    def record_ending(self, events: Sequence[RunEvent]) -> None:
        """Queue the last events, which are committed and shown with the ending in any case."""
        if isinstance(events[-1], RunPaused):
            # Whoever goes on after a pause needs to know all that has happened.
            self._unsent += [self._row(entry, at) for entry, at in self._aside]
        self._aside.clear()
        for event in events:
            entry = self._next(event)
            self._waiting.append(entry)
            self._unsent.append(self._row(entry, event.at))
        self._n = 0

    def _next(self, event: RunEvent) -> StreamEntry:
        self._seq += 1
        payload = self._codec.encode(event)
        if self._values is not None and len(payload) > LIMIT:
            spilled = spill(payload)
            payload = spilled.payload
            self._spilled.update(spilled.contents)
        return StreamEntry(self._lease.token, self._seq, 0, event.type, payload)

    def _row(self, entry: StreamEntry, at: datetime) -> JournalRow:
        return JournalRow(
            tenant_id=self._lease.tenant_id,
            run_id=self._lease.run_id,
            seq=entry.seq,
            token=entry.token,
            type=entry.type,
            payload=entry.data,
            at=at,
        )

    def show(self, type_name: str, data: str, *, offset: int = -1) -> None:
        """Queue something that is shown but not journalled."""
        self._n += 1
        self._waiting.append(
            StreamEntry(self._lease.token, self._seq, self._n, type_name, data, offset)
        )
        self._release()

    def commit(self, *, urgent: bool) -> asyncio.Future[None]:
        """Send every unsent row to the journal now; done when they are committed and shown.

        It fails with LeaseLost when the run has got another owner, and with StorageUnavailable
        when there was no place for a large value for too long.
        """
        rows, self._unsent = self._unsent, []
        spilled, self._spilled = self._spilled, {}
        if self._waits_for(spilled) or not rows:
            storing = asyncio.create_task(self._append(rows, spilled, urgent=urgent))
            self._storing.add(storing)
            storing.add_done_callback(self._storing.discard)
            return storing
        done = asyncio.ensure_future(self._journal.append(rows, urgent=urgent))
        done.add_done_callback(partial(self._committed, rows[-1].seq))
        return done

    async def finish(self, ending: RunEnding) -> None:
        """Commit the ending with all rows that are still unsent, then show them."""
        self._unsent = []
        spilled, self._spilled = self._spilled, {}
        if self._waits_for(spilled):
            await self._store(spilled)
        await self._journal.finish(_with_references(ending))
        self._commit_up_to(ending.rows[-1].seq)

    async def close(self) -> None:
        """Let go of the stream; what is still on its way gets a moment to arrive."""
        await self._writer.close()

    def unsent_rows(self) -> tuple[JournalRow, ...]:
        """The rows that the ending has to bring along."""
        return tuple(self._unsent)

    async def _append(
        self, rows: Sequence[JournalRow], spilled: Mapping[str, bytes], *, urgent: bool
    ) -> None:
        await self._store(spilled)
        if rows:
            await self._journal.append(rows, urgent=urgent)
            self._commit_up_to(rows[-1].seq)

    def _waits_for(self, spilled: Mapping[str, bytes]) -> bool:
        """Whether values have to be stored first, or their storing has failed."""
        return bool(spilled or self._storing) or self._unstored is not None

    async def _store(self, spilled: Mapping[str, bytes]) -> None:
        """Store values; whoever comes later waits, and goes no further when that has failed."""
        async with self._in_order:
            if self._unstored is not None:
                raise self._unstored
            if not spilled or self._values is None:
                return
            try:
                await self._values.keep(self._lease.tenant_id, self._lease.run_id, spilled)
            except Exception as error:
                self._unstored = error
                raise

    def _committed(self, seq: int, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._commit_up_to(seq)

    def _commit_up_to(self, seq: int) -> None:
        self._committed_seq = max(self._committed_seq, seq)
        self._release()

    def _release(self) -> None:
        released: list[StreamEntry] = []
        while self._waiting and self._waiting[0].seq <= self._committed_seq:
            released.append(self._waiting.popleft())
        if released:
            self._writer.write(released)


def _entry(row: JournalRow) -> StreamEntry:
    return StreamEntry(row.token, row.seq, 0, row.type, row.payload)


def _with_references(ending: RunEnding) -> RunEnding:
    """The ending whose outputs name the large values that its last events do."""
    for row in ending.rows:
        if ending.outputs is not None and row.type in _SUCCESSES:
            outputs = outputs_told(row.payload)
            return ending if outputs is None else replace(ending, outputs=outputs)
    return ending


def node_text_data(address: NodeAddress, text: str) -> str:
    """The data of a `node.delta`."""
    told = {"node_id": address.node_id, "frame": address.frame, "text": text}
    return json.dumps(told, ensure_ascii=False)
