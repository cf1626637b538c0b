"""The durable facts of a run; folding them gives its state, always."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.domain.shared.ids import (
    AppId,
    AppVersionId,
    ConversationId,
    EndUserName,
    MessageId,
    NodeId,
    WorkflowRunId,
)
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.durability import Durability
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.run_bounds import RunBounds
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.container_events import (
    ContainerEvent,
    IterationFailed,
    IterationItem,
    IterationStarted,
    IterationSucceeded,
    LoopFailed,
    LoopRound,
    LoopStarted,
    LoopSucceeded,
    SubWorkflowStarted,
)
from dify_hex.domain.workflow.happened import Happened
from dify_hex.domain.workflow.node_events import (
    InputRequested,
    NodeEvent,
    NodeFailed,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
)
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Happened):
    """A run began, on one exact graph, with these inputs."""

    type: ClassVar[str] = "run.started"

    run_id: WorkflowRunId
    graph_hash: str
    node_schemas: Mapping[str, int]
    app_id: AppId
    app_version_id: AppVersionId | None
    user: EndUserName
    inputs: JsonObject
    query: str | None = None
    message_id: MessageId | None = None
    conversation_id: ConversationId | None = None
    #: The message before this one; None for the first of a conversation, or of a branch.
    reply_to: MessageId | None = None
    #: How many messages of the conversation came before this one.
    dialogue_count: int = 0
    files: tuple[JsonObject, ...] = ()
    #: What the conversation's variables held when the run began.
    conversation: JsonObject = field(default_factory=dict)
    #: Values that were there before any node had run, by the node that would have put them out.
    given: Mapping[NodeId, JsonObject] = field(default_factory=dict)
    durability: Durability = Durability.STRICT
    #: What the app allows the run, within what the operator does.
    bounds: RunBounds = field(default_factory=RunBounds)
    #: The run that this one repeats or forks, and how many of its events follow this one.
    parent_run_id: WorkflowRunId | None = None
    taken_over: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused(Happened):
    """Nothing in the run can go on until somebody acts."""

    type: ClassVar[str] = "run.paused"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed(Happened):
    """A paused run goes on."""

    type: ClassVar[str] = "run.resumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSucceeded(Happened):
    """Every node that was reached has succeeded."""

    type: ClassVar[str] = "run.succeeded"

    outputs: JsonObject
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPartialSucceeded(Happened):
    """The run came to its end, past nodes that failed as the graph had provided for."""

    type: ClassVar[str] = "run.partial_succeeded"

    outputs: JsonObject
    usage: Usage
    #: How many nodes failed.
    handled_errors: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed(Happened):
    """The run ended with an error nobody handled."""

    type: ClassVar[str] = "run.failed"

    error: RunError
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStopped(Happened):
    """Somebody stopped the run, or everybody left it."""

    type: ClassVar[str] = "run.stopped"

    reason: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class RunExpired(Happened):
    """A paused run was waited for too long."""

    type: ClassVar[str] = "run.expired"

    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStarted(Happened):
    """The run will answer this message."""

    type: ClassVar[str] = "message.started"

    message_id: MessageId
    #: None where the app answers each message alone.
    conversation_id: ConversationId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassagesShown(Happened):
    """A node's model is about to be shown passages that the message had not been given before."""

    type: ClassVar[str] = "message.retrieval"

    node_id: NodeId
    citations: tuple[Citation, ...]
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageComplete(Happened):
    """The message's text is final: whole when it succeeded, as far as it came otherwise."""

    type: ClassVar[str] = "message.complete"

    message_id: MessageId
    #: None where the app answers each message alone.
    conversation_id: ConversationId | None
    status: RunStatus
    answer: str
    usage: Usage
    #: Every passage that a model was shown on the way, in the order in which it was.
    citations: tuple[Citation, ...] = ()


RunFinal = RunSucceeded | RunPartialSucceeded | RunFailed | RunStopped | RunExpired

RunEvent = (
    RunStarted
    | RunPaused
    | RunResumed
    | RunFinal
    | NodeEvent
    | ContainerEvent
    | MessageStarted
    | PassagesShown
    | MessageComplete
)

EVENT_TYPES: dict[str, type[RunEvent]] = {
    event.type: event
    for event in (
        RunStarted,
        RunPaused,
        RunResumed,
        RunSucceeded,
        RunPartialSucceeded,
        RunFailed,
        RunStopped,
        RunExpired,
        NodeStarted,
        NodeSucceeded,
        NodeFailed,
        NodeRetrying,
        NodeSkipped,
        IterationStarted,
        IterationItem,
        IterationSucceeded,
        IterationFailed,
        LoopStarted,
        LoopRound,
        LoopSucceeded,
        LoopFailed,
        SubWorkflowStarted,
        InputRequested,
        MessageStarted,
        PassagesShown,
        MessageComplete,
    )
}
