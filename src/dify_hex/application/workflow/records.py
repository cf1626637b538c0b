"""What the engine, its journal and its stream hand to each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from dify_hex.domain.shared.ids import (
    ConversationId,
    FormId,
    MessageId,
    TenantId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.events import WorkflowRunEnded
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.statuses import DesiredState, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to act for one run; a higher token ends every lower one."""

    tenant_id: TenantId
    run_id: WorkflowRunId
    owner: str
    token: int


class JournalRow(NamedTuple):
    """One RunEvent as the journal keeps it; `payload` is a JSON object, shown as it is."""

    tenant_id: TenantId
    run_id: WorkflowRunId
    seq: int
    token: int
    type: str
    payload: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DrawnGraph:
    """A graph that may be unfinished: as much of it as can be read, and all of its faults."""

    graph: Graph
    faults: tuple[GraphFault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnding:
    """Everything that becomes true in the transaction that ends, or pauses, a run."""

    lease: Lease
    rows: Sequence[JournalRow]
    status: RunStatus
    usage: Usage
    steps: int
    at: datetime
    #: What the outbox tells others.
    event: WorkflowRunEnded
    error: RunError | None = None
    message_id: MessageId | None = None
    #: The text of the answer so far; None for a run without a message.
    answer: str | None = None
    #: The passages that the message's models were shown.
    citations: tuple[Citation, ...] = ()
    outputs: JsonObject | None = None
    conversation_id: ConversationId | None = None
    #: The conversation's variables that the run has set.
    assigned: JsonObject = field(default_factory=dict)
    #: When a paused run expires; None while its forms have times of their own.
    due_at: datetime | None = None
    #: Whether the pause was asked for, rather than come to by itself.
    pause_requested: bool = False
    #: The forms whose answers a paused run waits for.
    awaited: tuple[FormId, ...] = ()
    #: Whether the run has asked anybody to fill a form.
    has_asked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHead:
    """How far a run's journal has come."""

    seq: int
    status: RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run at its birth; a foreground run is leased already, a background run to nobody."""

    lease: Lease
    facts: RunStarted
    rows: Sequence[JournalRow]
    background: bool
    resume_window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """What is needed to go on with a run, besides its journal."""

    graph: GraphDocument
    background: bool
    resume_window: timedelta
    desired_state: DesiredState
    #: How often something has come in for the owner.
    inbox: int = 0
    #: How many have owned it since it last came to rest.
    owners: int = 0


class Renewed(NamedTuple):
    """What the owner of a run learns when it prolongs its lease."""

    desired_state: DesiredState
    #: How often something has come in for the owner; when it grows there is something to fetch.
    inbox: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """A run whose lease this process has just taken."""

    lease: Lease
    #: False when nobody has ever owned it.
    taken_over: bool


class StreamEntry(NamedTuple):
    """One entry of a run's event stream.

    `seq` is the last journalled number, `n` counts what came after it (0: the journalled event
    itself). `data` is a JSON object; of a `message.delta` or `message.reset` it is the plain text,
    and `offset` is where in the message's text it begins, counted in characters. A new owner's
    first text is a `message.reset` with all there is so far.
    """

    token: int
    seq: int
    n: int
    type: str
    data: str
    offset: int = -1
