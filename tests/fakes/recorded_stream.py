"""An event stream that only remembers what its owners have written."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from dify_hex.application.workflow.ports import (
    RunEventStream,
    StreamWriter,
    Subscription,
)
from dify_hex.application.workflow.records import (
    Lease,
    StreamEntry,
)
from dify_hex.domain.shared.ids import TenantId, WorkflowRunId


class RecordedWriter(StreamWriter):
    """The owner's end, kept in a list."""

    def __init__(self, entries: list[StreamEntry]) -> None:
        self._entries = entries
        self.closed = False

    def write(self, entries: Sequence[StreamEntry]) -> None:
        self._entries.extend(entries)

    async def close(self) -> None:
        self.closed = True


class RecordedStream(RunEventStream):
    """What readers would have been shown, and how many of them there are said to be."""

    def __init__(self) -> None:
        self.entries: list[StreamEntry] = []
        self.writers: list[RecordedWriter] = []
        self.reader_counts: dict[WorkflowRunId, int | None] = {}

    @property
    def types(self) -> list[str]:
        """The kinds of entries, in order."""
        return [entry.type for entry in self.entries]

    @property
    def text(self) -> str:
        """What a reader holds who applied every delta and reset."""
        text = ""
        for entry in self.entries:
            if entry.type == "message.reset":
                text = entry.data
            elif entry.type == "message.delta":
                assert entry.offset == len(text), "a delta begins where the text ends"
                text += entry.data
        return text

    def open(self, lease: Lease) -> StreamWriter:
        del lease
        self.writers.append(RecordedWriter(self.entries))
        return self.writers[-1]

    def subscribe(
        self, tenant_id: TenantId, run_id: WorkflowRunId
    ) -> AbstractAsyncContextManager[Subscription]:
        raise AssertionError(f"nobody reads {run_id} of {tenant_id} here")

    async def readers(self, runs: Sequence[WorkflowRunId]) -> Mapping[WorkflowRunId, int | None]:
        return {run_id: self.reader_counts.get(run_id, 0) for run_id in runs}
