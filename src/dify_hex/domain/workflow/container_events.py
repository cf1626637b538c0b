"""The durable facts of nodes that open a scope: iterations, loops, linked workflows."""

from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.shared.ids import AppId, AppVersionId, NodeId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.happened import Happened
from dify_hex.domain.workflow.node_run import RunError
from dify_hex.domain.workflow.statuses import LoopEnding


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationStarted(Happened):
    """A list was found, and its items follow."""

    type: ClassVar[str] = "iteration.started"

    node_id: NodeId
    count: int
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationItem(Happened):
    """An item has begun; its nodes carry the frame `<frame>/<node_id>.<index>`."""

    type: ClassVar[str] = "iteration.item"

    node_id: NodeId
    index: int
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationSucceeded(Happened):
    """Every item has come to its end."""

    type: ClassVar[str] = "iteration.succeeded"

    node_id: NodeId
    count: int
    failed: int
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IterationFailed(Happened):
    """An item failed, and the iteration with it."""

    type: ClassVar[str] = "iteration.failed"

    node_id: NodeId
    index: int
    error: RunError
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopStarted(Happened):
    """A loop has given its variables their first values."""

    type: ClassVar[str] = "loop.started"

    node_id: NodeId
    variables: JsonObject
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopRound(Happened):
    """A round has begun; its nodes carry the frame `<frame>/<node_id>.<index>`."""

    type: ClassVar[str] = "loop.round"

    node_id: NodeId
    index: int
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSucceeded(Happened):
    """A loop has ended, by its condition or because it has gone round often enough."""

    type: ClassVar[str] = "loop.succeeded"

    node_id: NodeId
    rounds: int
    reason: LoopEnding
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFailed(Happened):
    """A round failed, and the loop with it."""

    type: ClassVar[str] = "loop.failed"

    node_id: NodeId
    index: int
    error: RunError
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubWorkflowStarted(Happened):
    """A linked workflow was looked up, once, and has begun; its frame is `<frame>/<node_id>.0`."""

    type: ClassVar[str] = "sub_workflow.started"

    node_id: NodeId
    app_id: AppId
    app_version_id: AppVersionId
    graph_hash: str
    inputs: JsonObject
    frame: str = ""


ContainerEvent = (
    IterationStarted
    | IterationItem
    | IterationSucceeded
    | IterationFailed
    | LoopStarted
    | LoopRound
    | LoopSucceeded
    | LoopFailed
    | SubWorkflowStarted
)
