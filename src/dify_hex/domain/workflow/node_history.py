"""What became of each node of a run, as its journal tells it; and two runs, node by node."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_events import (
    InputRequested,
    NodeFailed,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
)
from dify_hex.domain.workflow.node_run import Printed, RunError
from dify_hex.domain.workflow.run_events import RunEvent, RunFinal
from dify_hex.domain.workflow.statuses import NodeStatus

_UNDER_WAY = (NodeStatus.PENDING, NodeStatus.RUNNING, NodeStatus.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecord:
    """One node in one frame: its last attempt, and when the first began."""

    address: NodeAddress
    #: Empty for a node that never began.
    node_type: str = ""
    status: NodeStatus
    attempts: int = 0
    outputs: JsonObject = field(default_factory=dict)
    handle: str | None = None
    error: RunError | None = None
    usage: Usage | None = None
    printed: Printed | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def elapsed_seconds(self) -> float | None:
        """From the beginning of the first attempt to the end; None while there is none."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeComparison:
    """The same node in two runs; None where it was not reached."""

    address: NodeAddress
    this: NodeRecord | None
    other: NodeRecord | None

    @property
    def is_same(self) -> bool:
        """Whether it came to the same in both, whatever that took."""
        if self.this is None or self.other is None:
            return False
        return _outcome(self.this) == _outcome(self.other)


def node_records(events: Iterable[RunEvent]) -> tuple[NodeRecord, ...]:
    """Every node that has begun, been asked for or been skipped, in that order."""
    found: dict[NodeAddress, NodeRecord] = {}
    for event in events:
        if isinstance(event, RunFinal):
            _stop_open_ones(found, event.at)
        elif isinstance(
            event,
            NodeStarted | NodeSucceeded | NodeFailed | NodeRetrying | NodeSkipped | InputRequested,
        ):
            address = NodeAddress(event.frame, NodeId(event.node_id))
            before = found.get(address)
            if before is None:
                before = NodeRecord(address=address, status=NodeStatus.PENDING)
            found[address] = _after(before, event)
    return tuple(found.values())


def compare_runs(
    this: Sequence[NodeRecord], other: Sequence[NodeRecord]
) -> tuple[NodeComparison, ...]:
    """All nodes of both runs: in the order of this one, then what only the other has."""
    mine = _by_address(this)
    others = _by_address(other)
    return tuple(
        NodeComparison(address=address, this=mine.get(address), other=others.get(address))
        for address in {**mine, **others}
    )


def _after(
    record: NodeRecord,
    event: NodeStarted | NodeSucceeded | NodeFailed | NodeRetrying | NodeSkipped | InputRequested,
) -> NodeRecord:
    match event:
        case NodeStarted():
            return replace(
                record,
                node_type=event.node_type,
                status=NodeStatus.RUNNING,
                attempts=event.attempt,
                error=None,
                started_at=record.started_at or event.at,
            )
        case NodeSucceeded():
            return replace(
                record,
                status=NodeStatus.SUCCEEDED,
                outputs=event.outputs,
                handle=event.handle,
                usage=event.usage,
                printed=event.printed,
                finished_at=event.at,
            )
        case NodeFailed():
            return replace(
                record,
                status=NodeStatus.FAILED,
                outputs=event.outputs,
                handle=event.handle if event.handled else None,
                error=event.error,
                finished_at=event.at,
            )
        case NodeRetrying():
            return replace(record, status=NodeStatus.PENDING, error=event.reason)
        case NodeSkipped():
            return replace(record, status=NodeStatus.SKIPPED, finished_at=event.at)
        case _:
            return replace(record, status=NodeStatus.PAUSED)


def _stop_open_ones(found: dict[NodeAddress, NodeRecord], at: datetime) -> None:
    for address, record in found.items():
        if record.status in _UNDER_WAY:
            found[address] = replace(record, status=NodeStatus.STOPPED, finished_at=at)


def _by_address(records: Sequence[NodeRecord]) -> Mapping[NodeAddress, NodeRecord]:
    return {record.address: record for record in records}


def _outcome(record: NodeRecord) -> tuple[NodeStatus, JsonObject, str | None, str | None]:
    code = None if record.error is None else record.error.code
    return record.status, record.outputs, record.handle, code
