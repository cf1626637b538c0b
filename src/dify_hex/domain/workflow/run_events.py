"""The durable facts of a run; folding them gives its state, always."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What every RunEvent has: the moment it happened, by the clock of the run's owner."""

    type: ClassVar[str]

    at: datetime


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
class NodeStarted(Happened):
    """An attempt of a node began."""

    type: ClassVar[str] = "node.started"

    node_id: NodeId
    node_type: str
    attempt: int
    effect_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSucceeded(Happened):
    """A node put something out and left by one of its handles."""

    type: ClassVar[str] = "node.succeeded"

    node_id: NodeId
    attempt: int
    outputs: JsonObject
    handle: str
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed(Happened):
    """The last attempt of a node failed."""

    type: ClassVar[str] = "node.failed"

    node_id: NodeId
    attempt: int
    error: RunError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRetrying(Happened):
    """An attempt came to nothing and another will follow; `effect_key` stays after a crash."""

    type: ClassVar[str] = "node.retrying"

    node_id: NodeId
    attempt: int
    reason: RunError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSkipped(Happened):
    """No edge that leads to the node was taken."""

    type: ClassVar[str] = "node.skipped"

    node_id: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStarted(Happened):
    """The run will answer this message."""

    type: ClassVar[str] = "message.started"

    message_id: MessageId
    #: None where the app answers each message alone.
    conversation_id: ConversationId | None


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


RunEvent = (
    RunStarted
    | RunPaused
    | RunResumed
    | RunSucceeded
    | RunFailed
    | RunStopped
    | RunExpired
    | NodeStarted
    | NodeSucceeded
    | NodeFailed
    | NodeRetrying
    | NodeSkipped
    | MessageStarted
    | MessageComplete
)

EVENT_TYPES: dict[str, type[RunEvent]] = {
    event.type: event
    for event in (
        RunStarted,
        RunPaused,
        RunResumed,
        RunSucceeded,
        RunFailed,
        RunStopped,
        RunExpired,
        NodeStarted,
        NodeSucceeded,
        NodeFailed,
        NodeRetrying,
        NodeSkipped,
        MessageStarted,
        MessageComplete,
    )
}

RunFinal = RunSucceeded | RunFailed | RunStopped | RunExpired
