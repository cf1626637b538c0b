"""What the engine needs of the outside: a journal, leases, an event stream, signals, codecs."""

from abc import abstractmethod
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from dify_hex.application.workflow.read_models import RunDetail, RunFilter
from dify_hex.application.workflow.records import (
    ClaimedRun,
    DrawnGraph,
    JournalHead,
    JournalRow,
    Lease,
    NewRun,
    Renewed,
    RunEnding,
    StoredRun,
    StreamEntry,
)
from dify_hex.domain.shared.ids import (
    ConversationId,
    MessageId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.paging import CursorPage, CursorRequest
from dify_hex.domain.shared.values.chat_turn import ChatTurn
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.run_events import RunEvent
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus


class NewRuns(Protocol):
    """Where runs are stored at their birth, inside the caller's unit of work."""

    @abstractmethod
    async def add(self, run: NewRun) -> None:
        """Store the run with its first events."""


class GraphDocuments(Protocol):
    """The exact graphs that versions and runs are pinned to, by hash."""

    @abstractmethod
    async def add(self, document: GraphDocument) -> None:
        """Keep the document; doing so again changes nothing."""


class RunJournal(Protocol):
    """The durable truth of runs, committed in groups across the runs of a process."""

    @abstractmethod
    def append(self, rows: Sequence[JournalRow], *, urgent: bool) -> Awaitable[None]:
        """Done when the rows of one run are committed; others than urgent ones may wait a bit.

        They are taken in at once, so that rows are committed in the order of the calls.

        An answer that got lost on a broken connection is found out by sending the rows again.

        Raises:
            LeaseLost: another owner has taken this run over; no row of it was written.
        """

    @abstractmethod
    async def finish(self, ending: RunEnding) -> None:
        """Commit last rows, status, message and outgoing events in one transaction.

        Raises:
            LeaseLost: another owner has taken this run over; nothing was written.
        """

    @abstractmethod
    async def read(
        self, tenant_id: TenantId, run_id: WorkflowRunId, *, after: int, limit: int = 1000
    ) -> Sequence[JournalRow]:
        """Rows with `seq > after`, in order."""

    @abstractmethod
    async def heads(
        self, runs: Sequence[tuple[TenantId, WorkflowRunId]]
    ) -> Mapping[WorkflowRunId, JournalHead]:
        """The heads of several runs in one query; unknown runs are left out."""


class StoredRuns(Protocol):
    """Runs as they are stored."""

    @abstractmethod
    async def get(self, tenant_id: TenantId, run_id: WorkflowRunId) -> StoredRun:
        """The run.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """


class RunLeases(Protocol):
    """Who owns which run, by the database's clock."""

    @abstractmethod
    async def renew(self, leases: Sequence[Lease]) -> Mapping[WorkflowRunId, Renewed]:
        """Prolong the leases; a run that is missing in the answer is lost."""

    @abstractmethod
    async def claim_due(self, owner: str, *, limit: int) -> Sequence[ClaimedRun]:
        """Take runs that nobody owns; none within one lease time after the database was away."""

    @abstractmethod
    async def take_paused(
        self, tenant_id: TenantId, run_id: WorkflowRunId, owner: str
    ) -> ClaimedRun | None:
        """Take a paused run to act on it; None when it is not paused, or someone was quicker."""

    @abstractmethod
    async def release(self, leases: Sequence[Lease]) -> None:
        """Give runs up at once, for another process to go on with."""


class RunControl(Protocol):
    """What is asked of runs, kept with them so that no owner can miss it."""

    @abstractmethod
    async def desire(
        self, tenant_id: TenantId, run_id: WorkflowRunId, state: DesiredState
    ) -> RunStatus:
        """Note what the run shall do, unless it has ended; returns where it stands.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """

    @abstractmethod
    async def resume(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunStatus:
        """Note that the run shall go on; a paused one is due for whoever claims it.

        Returns where it stood before.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """


#: The type of an entry that stands where others may be missing; it says nothing else.
GAP = "stream.gap"


class StreamWriter(Protocol):
    """The owner's end of one run's event stream."""

    @abstractmethod
    def write(self, entries: Sequence[StreamEntry]) -> None:
        """Pass entries on, in order; never waits. Local readers see them at once."""

    @abstractmethod
    async def close(self) -> None:
        """Send what is still buffered, within a time limit, and let go."""


class Subscription(Protocol):
    """A reader's end of one run's event stream."""

    @abstractmethod
    async def next(self, timeout: float) -> Sequence[StreamEntry]:
        """New entries as soon as there are any; empty when `timeout` seconds brought none.

        Empty at once, the first time, when nothing is kept and nobody in this process writes.

        Raises:
            StreamOverflow: this reader was too slow for the bounded buffer.
            Unavailable: the stream has been out of reach for too long.
        """


class RunEventStream(Protocol):
    """The hot tail of runs for readers in any process: bounded, short-lived, may vanish."""

    @abstractmethod
    def open(self, lease: Lease) -> StreamWriter:
        """Begin to write for a run; readers see nothing of an owner with a lower token any more.

        A stream that was lost begins anew with the whole text that was written so far.
        """

    @abstractmethod
    def subscribe(
        self, tenant_id: TenantId, run_id: WorkflowRunId
    ) -> AbstractAsyncContextManager[Subscription]:
        """Follow a run from the oldest entry that is still kept; counts as a reader meanwhile."""

    @abstractmethod
    async def readers(self, runs: Sequence[WorkflowRunId]) -> Mapping[WorkflowRunId, int | None]:
        """How many read each run, at least; None when that cannot be known.

        Readers here are counted first: it is exact, over all processes, only where it is 0.
        """


class RunSignals(Protocol):
    """Wake-ups between processes; each may get lost, so nothing depends on them but speed."""

    @abstractmethod
    async def run_changed(self, run_id: WorkflowRunId) -> None:
        """Tell the owner that the desired state of its run has changed."""

    @abstractmethod
    async def runs_waiting(self) -> None:
        """Tell the workers that there is a run to claim."""

    @abstractmethod
    def changes(self) -> AsyncIterator[WorkflowRunId]:
        """The runs others have changed, for as long as the process lives."""

    @abstractmethod
    async def wait_for_runs(self, timeout: float) -> None:
        """Return when a run may be waiting, at the latest after `timeout` seconds."""


class GraphCodec(Protocol):
    """Turns untrusted graph text into a Graph, and a Graph into canonical text."""

    @abstractmethod
    def parse(self, text: str) -> Graph:
        """The graph.

        Raises:
            InvalidGraph: with every fault found.
        """

    @abstractmethod
    def read(self, text: str, kind: GraphKind | None = None) -> DrawnGraph:
        """The graph as far as it can be read, and what keeps it from being run.

        Of no `kind`, it may end in an answer or hand values back.
        """

    @abstractmethod
    def schema(self) -> JsonObject:
        """The JSON Schema of the text."""

    @abstractmethod
    def document(self, graph: Graph) -> GraphDocument:
        """Canonical text; equal graphs give equal text."""


class RunEventCodec(Protocol):
    """Turns RunEvents into journal payloads and back."""

    @abstractmethod
    def encode(self, event: RunEvent) -> str:
        """A JSON object without the type."""

    @abstractmethod
    def decode(self, type_name: str, payload: str) -> RunEvent:
        """The event that was encoded."""


class TemplateRenderer(Protocol):
    """Renders `{{ name }}` templates of the allow-listed subset."""

    @abstractmethod
    def check(self, template: str) -> frozenset[str]:
        """The names the template uses.

        Raises:
            InvalidTemplate: it does not parse, or leaves the allow-listed subset.
        """

    @abstractmethod
    def names_in(self, template: str) -> frozenset[str]:
        """The names that a template uses which is rendered in the sandbox, by all of Jinja2.

        Raises:
            InvalidTemplate: it does not parse, or needs other templates.
        """

    @abstractmethod
    def render(self, template: str, values: JsonObject) -> str:
        """The text.

        Raises:
            InvalidTemplate: it does not parse, or leaves the allow-listed subset.
            VariableMissing: it uses a name that has no value.
        """


class ConversationMemory(Protocol):
    """What has been said before, for nodes that remind a model of it."""

    @abstractmethod
    async def turns_before(
        self,
        tenant_id: TenantId,
        conversation_id: ConversationId,
        message_id: MessageId,
        *,
        limit: int,
    ) -> Sequence[ChatTurn]:
        """The finished turns on the path that leads to this message, oldest first."""


class RunReader(Protocol):
    """Runs as they are shown, straight from the store."""

    @abstractmethod
    async def get_run(self, tenant_id: TenantId, run_id: WorkflowRunId) -> RunDetail:
        """One run.

        Raises:
            WorkflowRunNotFound: there is none for this tenant.
        """

    @abstractmethod
    async def list_runs(
        self, tenant_id: TenantId, cursor: CursorRequest, wanted: RunFilter
    ) -> CursorPage[RunDetail]:
        """Runs, newest first."""
