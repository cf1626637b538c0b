"""The durable facts of a run's nodes."""

from dataclasses import dataclass, field
from typing import ClassVar

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.happened import Happened
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE
from dify_hex.domain.workflow.node_run import Assignment, Printed, RequestedInput, RunError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted(Happened):
    """An attempt of a node began."""

    type: ClassVar[str] = "node.started"

    node_id: NodeId
    node_type: str
    attempt: int
    effect_key: str
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSucceeded(Happened):
    """A node put something out and left by one of its handles."""

    type: ClassVar[str] = "node.succeeded"

    node_id: NodeId
    attempt: int
    outputs: JsonObject
    handle: str
    usage: Usage | None = None
    frame: str = ""
    #: Variables of the conversation or of a loop that the node has set.
    assigned: tuple[Assignment, ...] = ()
    printed: Printed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed(Happened):
    """The last attempt of a node failed; the run goes on only where that was provided for."""

    type: ClassVar[str] = "node.failed"

    node_id: NodeId
    attempt: int
    error: RunError
    frame: str = ""
    handled: bool = False
    outputs: JsonObject = field(default_factory=dict)
    handle: str = DEFAULT_HANDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRetrying(Happened):
    """An attempt came to nothing and another follows, `wait_seconds` later.

    After an interruption by the owner's death the next attempt repeats the effects of this one,
    under the same key; after a failure it makes new ones.
    """

    type: ClassVar[str] = "node.retrying"

    node_id: NodeId
    attempt: int
    reason: RunError
    frame: str = ""
    interrupted: bool = False
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSkipped(Happened):
    """No edge that leads to the node was taken."""

    type: ClassVar[str] = "node.skipped"

    node_id: NodeId
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequested(Happened):
    """Somebody has been asked to fill a form; the node waits for the answer."""

    type: ClassVar[str] = "input.requested"

    node_id: NodeId
    form: RequestedInput
    frame: str = ""


NodeEvent = NodeStarted | NodeSucceeded | NodeFailed | NodeRetrying | NodeSkipped | InputRequested
