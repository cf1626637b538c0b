"""A run that a test drives by hand: its journal, its stream, and a client that reads it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from dify_hex.application.workflow.follow_run import FollowRun, StreamEvent
from dify_hex.application.workflow.journal_watch import JournalWatch
from dify_hex.application.workflow.ports import RunJournal
from dify_hex.application.workflow.records import (
    JournalHead,
    JournalRow,
    Lease,
    RunEnding,
    StreamEntry,
)
from dify_hex.application.workflow.stream_position import StreamDetail, StreamPosition
from dify_hex.domain.shared.errors import Unavailable
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId
from dify_hex.domain.workflow.errors import StreamOverflow
from dify_hex.domain.workflow.statuses import RunStatus
from tests.fakes.memory_run_stream import MemoryRunEventStream, MemoryStreamStore

AT = datetime(2026, 1, 1, tzinfo=UTC)


class ReadOnlyJournal(RunJournal):
    """Rows that the test has put there."""

    def __init__(self) -> None:
        self.rows: list[JournalRow] = []
        self.status = RunStatus.RUNNING
        self.is_away = False
        self.head_queries = 0
        self.reads = 0

    async def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> None:
        del urgent
        self.rows += rows

    async def finish(self, ending: RunEnding) -> None:
        self.rows += ending.rows
        self.status = ending.status

    async def read(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, after: int, limit: int = 1000
    ) -> Sequence[JournalRow]:
        del tenant_id
        self.reads += 1
        self._refuse_when_away()
        return [row for row in self.rows if row.run_id == run_id and row.seq > after][:limit]

    async def heads(
        self, runs: Sequence[tuple[TenantId, WorkflowRunId]]
    ) -> Mapping[WorkflowRunId, JournalHead]:
        self.head_queries += 1
        self._refuse_when_away()
        known = {row.run_id for row in self.rows}
        return {
            run_id: JournalHead(
                seq=max(row.seq for row in self.rows if row.run_id == run_id), status=self.status
            )
            for _, run_id in runs
            if run_id in known
        }

    def _refuse_when_away(self) -> None:
        if self.is_away:
            raise Unavailable


@dataclass
class FollowedRun:
    """The owner's side of a run, step by step."""

    store: MemoryStreamStore = field(default_factory=MemoryStreamStore)
    journal: ReadOnlyJournal = field(default_factory=ReadOnlyJournal)
    tenant_id: TenantId = field(default_factory=lambda: TenantId(uuid4()))
    run_id: WorkflowRunId = field(default_factory=lambda: WorkflowRunId(uuid4()))
    token: int = 1
    seq: int = 0
    n: int = 0
    text: str = ""

    def __post_init__(self) -> None:
        self.stream = MemoryRunEventStream(self.store)
        self._writer = self.stream.open(self._lease)

    @property
    def _lease(self) -> Lease:
        return Lease(tenant_id=self.tenant_id, run_id=self.run_id, owner="owner", token=self.token)

    def follow_run(self, *, silence: float = 0.001, patience: float = 0.6) -> FollowRun:
        """The use case over this run."""
        watch = JournalWatch(self.journal, gathering=0)
        return FollowRun(stream=self.stream, watch=watch, silence=silence, patience=patience)

    def row(self, type_name: str, payload: str = "{}", *, shown: bool = True) -> None:
        """Commit an event, and show it unless its owner dies before it can."""
        self.seq, self.n = self.seq + 1, 0
        self.journal.rows.append(
            JournalRow(
                tenant_id=self.tenant_id,
                run_id=self.run_id,
                seq=self.seq,
                token=self.token,
                type=type_name,
                payload=payload,
                at=AT,
            )
        )
        if shown:
            self._writer.write([StreamEntry(self.token, self.seq, 0, type_name, payload)])

    def begin(self) -> None:
        """The first two events of every chat."""
        self.row("run.started")
        self.row("message.started")

    def say(self, text: str) -> None:
        """One more piece of text."""
        self.n += 1
        offset = len(self.text)
        self.text += text
        entry = StreamEntry(self.token, self.seq, self.n, "message.delta", text, offset)
        self._writer.write([entry])

    def node_delta(self, data: str) -> None:
        """Something of a node that is not part of the message."""
        self.n += 1
        self._writer.write([StreamEntry(self.token, self.seq, self.n, "node.delta", data)])

    def say_instead(self, text: str) -> None:
        """Take all text back and say this."""
        self.n += 1
        self.text = text
        entry = StreamEntry(self.token, self.seq, self.n, "message.reset", text, 0)
        self._writer.write([entry])

    def take_over(self, text: str) -> None:
        """Another owner goes on after the last journalled event, with this text so far."""
        self.token += 1
        self.n = 0
        self._writer = self.stream.open(self._lease)
        self.say_instead(text)

    def show_uncommitted(self, *type_names: str) -> None:
        """Show events of a relaxed run whose commits never arrive."""
        for seq, type_name in enumerate(type_names, start=self.seq + 1):
            self._writer.write([StreamEntry(self.token, seq, 0, type_name, "{}")])

    def lose_stream(self) -> None:
        """All data of the store are gone."""
        self.store.forget()

    def complete(self, *, shown: bool = True) -> None:
        """The message's text is final."""
        self.row("message.complete", json.dumps({"answer": self.text}), shown=shown)

    def succeed(self, *, shown: bool = True) -> None:
        """The run ends well."""
        self.row("run.succeeded", shown=shown)
        self.journal.status = RunStatus.SUCCEEDED

    def end(self, *, shown: bool = True) -> None:
        """Text and run both end."""
        self.complete(shown=shown)
        self.succeed(shown=shown)


@dataclass
class Client:
    """What somebody holds who follows a run, and may come back to any event it has seen."""

    run: FollowedRun
    detail: StreamDetail = StreamDetail.MESSAGES
    events: list[StreamEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        """Follow from the beginning, or after the last event."""
        after = StreamPosition.parse(self.events[-1].id) if self.events else None
        self._batches = self.run.follow_run().execute(
            self.run.tenant_id, self.run.run_id, after=after, detail=self.detail
        )

    async def read(self, batches: int = 1) -> None:
        """Take what there is now; a reader that was too slow comes back, as it is told to."""
        for _ in range(batches):
            try:
                self.events += await anext(self._batches, ())
            except StreamOverflow:
                self.connect()

    async def read_to_end(self) -> None:
        """Take everything until the stream ends."""
        while "done" not in self.types:
            await self.read()

    async def leave(self, *, after: int | None = None) -> None:
        """Close the connection; keep only the first so many events."""
        await self._batches.aclose()  # type: ignore[attr-defined] # it is a generator
        if after is not None:
            del self.events[after:]
        self.events = [event for event in self.events if event.type != "done"]

    @property
    def types(self) -> list[str]:
        """The kinds of events, in order."""
        return [event.type for event in self.events]

    @property
    def text(self) -> str:
        """What the deltas since the last reset add up to."""
        text = ""
        for event in self.events:
            if event.type == "message.reset":
                text = json.loads(event.data)["text"]
            elif event.type == "message.delta":
                text += json.loads(event.data)["text"]
        return text

    @property
    def journalled(self) -> list[str]:
        """The ids of the journalled events, in order."""
        passing = {"message.delta", "message.reset", "node.delta", "error", "done"}
        return [event.id for event in self.events if event.type not in passing]
