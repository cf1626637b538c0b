"""Follows a run for one reader: the event stream, with the journal behind it."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from dify_hex.application.workflow.journal_watch import JournalWatch
from dify_hex.application.workflow.ports import (
    GAP,
    RunEventStream,
    Subscription,
)
from dify_hex.application.workflow.records import (
    StreamEntry,
)
from dify_hex.application.workflow.stream_position import (
    BEGINNING,
    StreamDetail,
    StreamPosition,
)
from dify_hex.application.workflow.text_continuity import TextContinuity
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import WorkflowRunNotFound

#: Seconds without news after which the journal is asked.
SILENCE = 2.0
#: Seconds for which a dependency that is away is waited for.
PATIENCE = 10.0
#: Seconds between two attempts to reach a dependency that is away.
_RETRY_EVERY = 0.25

#: `json.dumps` with options would make an encoder for each token.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_DELTA = "message.delta"
_RESET = "message.reset"
_COMPLETE = "message.complete"
_MESSAGE_VIEW = ("run.", "message.")
_ENDINGS = frozenset(
    {"run.succeeded", "run.partial_succeeded", "run.failed", "run.stopped", "run.expired"}
)


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event as a reader sees it; `data` is a JSON object."""

    id: str
    type: str
    data: str


class FollowRun:
    """Shows a run to one reader, from its beginning or from where the reader left it.

    - Journalled events come once each and in order; what the stream lacks is read from the journal.
    - Pieces of text, taken after the last `message.reset`, add up to the message's text.
    - A reader that joins late gets the text so far in one piece.
    - After two seconds without news the journal is asked, so that a run which ended unheard still
      ends its readers. `done` is the last event.
    - A dependency that is away for up to ten seconds is waited for.
    """

    def __init__(
        self,
        *,
        stream: RunEventStream,
        watch: JournalWatch,
        silence: float = SILENCE,
        patience: float = PATIENCE,
    ) -> None:
        self._stream = stream
        self._watch = watch
        self._silence = silence
        self._patience = patience

    async def execute(
        self,
        tenant_id: TenantId,
        run_id: WorkflowRunId,
        *,
        after: StreamPosition | None = None,
        detail: StreamDetail = StreamDetail.MESSAGES,
    ) -> AsyncIterator[Sequence[StreamEvent]]:
        """What has come at once, again and again; an empty batch when nothing has for a while.

        The caller has seen to it that the actor may read this run.

        Raises:
            WorkflowRunNotFound: the tenant has no such run.
            StreamOverflow: the reader was too slow; it may come back with its last position.
            Unavailable: a dependency stayed away for too long; the reader may come back.
        """
        async with self._stream.subscribe(tenant_id, run_id) as subscription:
            reader = _Reader(tenant_id, run_id, after, detail, self._watch)
            # What a client claims to have seen is not believed before the journal confirms it.
            trusted = after is None or after == BEGINNING
            wait = self._silence if trusted else 0.0
            away_since: float | None = None
            while not reader.ended:
                if reader.has_backlog:
                    await asyncio.sleep(_RETRY_EVERY)
                else:
                    await reader.listen(subscription, wait)
                silent = not reader.has_backlog
                events: list[StreamEvent] = []
                try:
                    await reader.digest(events)
                    if (silent or not trusted) and not reader.ended:
                        await reader.ask_journal(events, trusted=trusted)
                    trusted, wait, away_since = True, self._silence, None
                except Unavailable:
                    now = asyncio.get_running_loop().time()
                    away_since = away_since or now
                    if now - away_since > self._patience:
                        raise
                    wait = _RETRY_EVERY
                reader.flush(events)
                yield events


class _Reader:
    """What is remembered about one reader; kept small, as there may be thousands."""

    __slots__ = (
        "_backlog",
        "_detail",
        "_heard",
        "_run_id",
        "_seq",
        "_tenant_id",
        "_text",
        "_token",
        "_watch",
        "ended",
    )

    def __init__(
        self,
        tenant_id: TenantId,
        run_id: WorkflowRunId,
        after: StreamPosition | None,
        detail: StreamDetail,
        watch: JournalWatch,
    ) -> None:
        self._tenant_id = tenant_id
        self._run_id = run_id
        self._detail = detail
        self._watch = watch
        self._seq = 0 if after is None else after.seq
        self._text = TextContinuity(after)
        self._token = -1
        #: The highest number that the stream has brought.
        self._heard = 0
        self._backlog: deque[StreamEntry] = deque()
        self.ended = False

    @property
    def has_backlog(self) -> bool:
        """Whether entries wait because the journal could not be asked."""
        return bool(self._backlog)

    async def listen(self, subscription: Subscription, timeout: float) -> None:
        """Take what is new in the stream."""
        self._backlog.extend(await subscription.next(timeout))

    async def digest(self, events: list[StreamEvent]) -> None:
        """Turn the backlog into events; an entry stays in it until all before it were shown."""
        while self._backlog and not self.ended:
            entry = self._backlog[0]
            if entry.token >= self._token:
                # A journalled entry that is next in line brings itself; a whole text does not.
                due = entry.seq - 1 if entry.n == 0 and entry.type != _RESET else entry.seq
                if due > self._seq and entry.type != GAP:
                    await self._read_journal(due, events)
                self._apply(entry, events)
            self._backlog.popleft()

    async def ask_journal(self, events: list[StreamEvent], *, trusted: bool) -> None:
        """Find out whether the run has gone on, or ended, without the stream saying so.

        `trusted` is false as long as the reader's position is only what a client has claimed.
        """
        head = await self._watch.head(self._tenant_id, self._run_id)
        if head is None:
            raise WorkflowRunNotFound
        if head.seq < self._seq and not trusted:
            self._seq = head.seq
        if head.seq > self._seq:
            await self._read_journal(head.seq, events)
        if head.status.is_final and self._seq >= head.seq and not self.ended:
            self._end(events)

    def flush(self, events: list[StreamEvent]) -> None:
        """Pass on the text that is due."""
        change = self._text.flush()
        if change is None:
            return
        at = change.at
        if at is None or at.seq < self._seq:
            at = StreamPosition(self._seq, 0)
        # A string alone is encoded without an encoder of its own, which an object takes.
        data = f'{{"text":{_to_json(change.text)}}}'
        events.append(StreamEvent(str(at), _RESET if change.replaces else _DELTA, data))

    async def _read_journal(self, upto: int, events: list[StreamEvent]) -> None:
        while self._seq < upto and not self.ended:
            rows = await self._watch.rows(self._tenant_id, self._run_id, after=self._seq)
            due = [row for row in rows if row.seq <= upto]
            if not due:
                # Runs that journal only their start and end leave holes.
                self._seq = upto
            for row in due:
                self._journalled(row.seq, row.type, row.payload, events)

    def _apply(self, entry: StreamEntry, events: list[StreamEvent]) -> None:
        if entry.token > self._token:
            if self._token >= 0:
                self.flush(events)
                self._text.lose()
                self._go_back(entry)
            self._token = entry.token
        self._heard = max(self._heard, entry.seq)
        at = StreamPosition.of(entry)
        match entry.type:
            case "message.delta":
                self._text.delta(at, entry.offset, entry.data)
            case "message.reset":
                self._text.reset(at, entry.data)
            case _ if entry.type == GAP:
                self.flush(events)
                self._text.lose()
            case _ if entry.n == 0:
                self._text.pass_by(at)
                self._journalled(entry.seq, entry.type, entry.data, events)
            case _:
                self._passing(at, entry, events)

    def _go_back(self, entry: StreamEntry) -> None:
        """Forget what a former owner has shown and never committed; only relaxed runs do that."""
        last = entry.seq - 1 if entry.n == 0 else entry.seq
        if last < self._heard and entry.type != GAP:
            self._heard = last
            self._seq = min(self._seq, last)
            self._text.go_back(StreamPosition(last, 0))

    def _passing(self, at: StreamPosition, entry: StreamEntry, events: list[StreamEvent]) -> None:
        if self._text.is_new(at) and at.seq >= self._seq and self._shows(entry.type):
            self.flush(events)
            events.append(StreamEvent(str(at), entry.type, entry.data))
        self._text.pass_by(at)

    def _journalled(
        self, seq: int, type_name: str, payload: str, events: list[StreamEvent]
    ) -> None:
        if type_name == _COMPLETE:
            if seq <= self._seq:
                self._text.close()
            else:
                self._text.complete(json.loads(payload).get("answer", ""))
        if seq <= self._seq or self.ended:
            return
        self.flush(events)
        self._seq = seq
        if self._shows(type_name):
            events.append(StreamEvent(f"{seq}.0", type_name, payload))
        if type_name in _ENDINGS:
            self._end(events)

    def _shows(self, type_name: str) -> bool:
        return self._detail is StreamDetail.NODES or type_name.startswith(_MESSAGE_VIEW)

    def _end(self, events: list[StreamEvent]) -> None:
        self.flush(events)
        self.ended = True
        events.append(StreamEvent(f"{self._seq}.0", "done", "{}"))
