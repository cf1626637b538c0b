"""WorkflowRun: one execution of a graph, as the fold over its RunEvents."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Self, assert_never

from dify_hex.domain.shared.ids import NodeId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.errors import RunTransitionRefused
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.readiness import ready_nodes, skippable_nodes
from dify_hex.domain.workflow.node_run import NodeOutcome, NodeRun, RunError
from dify_hex.domain.workflow.run_events import (
    MessageComplete,
    MessageStarted,
    NodeFailed,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
    RunEvent,
    RunExpired,
    RunFailed,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    RunSucceeded,
)
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.system import system_values


class WorkflowRun:
    """Decides what may happen next; every decision is an event, and only events change it.

    A verb raises its events, folds them in and hands them out numbered by `seq`, which counts
    from 1 without gaps. What the verbs refuse never reaches the journal.
    """

    def __init__(self, *, run_id: WorkflowRunId, tenant_id: TenantId, graph: Graph) -> None:
        self.run_id = run_id
        self.tenant_id = tenant_id
        self.graph = graph
        self.variables = VariablePool()
        self._seq = 0
        self._status = RunStatus.PENDING
        self._facts: RunStarted | None = None
        self._nodes: dict[NodeId, NodeRun] = {}
        self._usage = Usage()
        self._steps = 0

    @classmethod
    def replay(
        cls,
        *,
        run_id: WorkflowRunId,
        tenant_id: TenantId,
        graph: Graph,
        events: Iterable[RunEvent],
    ) -> Self:
        """The run as its journal tells it."""
        run = cls(run_id=run_id, tenant_id=tenant_id, graph=graph)
        for event in events:
            run._apply(event)
        return run

    @property
    def status(self) -> RunStatus:
        """Where the run stands."""
        return self._status

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._seq

    @property
    def facts(self) -> RunStarted:
        """What the run began with.

        Raises:
            RunTransitionRefused: it has not begun.
        """
        if self._facts is None:
            raise RunTransitionRefused(status=self._status.value)
        return self._facts

    @property
    def nodes(self) -> Mapping[NodeId, NodeRun]:
        """Every node that has begun or been skipped."""
        return MappingProxyType(self._nodes)

    @property
    def usage(self) -> Usage:
        """What all nodes together have consumed."""
        return self._usage

    @property
    def steps(self) -> int:
        """How many attempts of nodes have begun."""
        return self._steps

    def ready(self) -> tuple[NodeId, ...]:
        """The nodes that may start now, or start again; none unless the run is running."""
        if self._status is not RunStatus.RUNNING:
            return ()
        interrupted = tuple(
            node_id for node_id, node in self._nodes.items() if node.status is NodeStatus.PENDING
        )
        return interrupted + ready_nodes(self.graph, self._nodes)

    def open_nodes(self) -> tuple[NodeId, ...]:
        """The nodes that have begun and not ended."""
        return tuple(
            node_id for node_id, node in self._nodes.items() if node.status is NodeStatus.RUNNING
        )

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing runs and nothing can."""
        return not self.open_nodes() and not self.ready()

    def start(self, facts: RunStarted) -> tuple[RunEvent, ...]:
        """Begin; a run that answers a message says so right away."""
        if self._facts is not None:
            raise RunTransitionRefused(status=self._status.value)
        events: list[RunEvent] = [facts]
        if facts.message_id is not None:
            events.append(
                MessageStarted(
                    at=facts.at,
                    message_id=facts.message_id,
                    conversation_id=facts.conversation_id,
                )
            )
        return self._record(*events)

    def start_node(self, node_id: NodeId, *, now: datetime) -> tuple[RunEvent, ...]:
        """Begin an attempt of a node that is ready or waits for another attempt."""
        self._require(RunStatus.RUNNING)
        if node_id not in self.ready():
            raise RunTransitionRefused(node_id=node_id)
        before = self._nodes.get(node_id)
        attempt = 1 if before is None else before.attempt + 1
        repeated_key = "" if before is None else before.effect_key
        return self._record(
            NodeStarted(
                at=now,
                node_id=node_id,
                node_type=self.graph.node(node_id).config.type,
                attempt=attempt,
                effect_key=repeated_key or f"{self.run_id}:{node_id}:{attempt}",
            )
        )

    def succeed_node(
        self, node_id: NodeId, outcome: NodeOutcome, *, now: datetime
    ) -> tuple[RunEvent, ...]:
        """Record what a node put out, and skip whatever can no longer be reached."""
        node = self._open_node(node_id)
        recorded = self._record(
            NodeSucceeded(
                at=now,
                node_id=node_id,
                attempt=node.attempt,
                outputs=outcome.outputs,
                handle=outcome.handle,
                usage=outcome.usage,
            )
        )
        return recorded + self._skip_unreachable(now)

    def interrupt_node(
        self, node_id: NodeId, reason: RunError, *, now: datetime
    ) -> tuple[RunEvent, ...]:
        """Give up an attempt whose owner died; the next repeats its effects under their keys."""
        node = self._open_node(node_id)
        return self._record(
            NodeRetrying(at=now, node_id=node_id, attempt=node.attempt, reason=reason)
        )

    def fail_node(self, node_id: NodeId, error: RunError, *, now: datetime) -> tuple[RunEvent, ...]:
        """Record that a node failed for good."""
        node = self._open_node(node_id)
        return self._record(NodeFailed(at=now, node_id=node_id, attempt=node.attempt, error=error))

    def pause(self, reason: str, *, now: datetime) -> tuple[RunEvent, ...]:
        """Wait for somebody to act; refused while anything still runs."""
        self._require(RunStatus.RUNNING)
        if self.open_nodes():
            raise RunTransitionRefused(status=self._status.value)
        return self._record(RunPaused(at=now, reason=reason))

    def resume(self, *, now: datetime) -> tuple[RunEvent, ...]:
        """Go on after a pause."""
        self._require(RunStatus.PAUSED)
        return self._record(RunResumed(at=now))

    def succeed(self, *, answer: str, now: datetime) -> tuple[RunEvent, ...]:
        """End well; refused while anything runs or could."""
        self._require(RunStatus.RUNNING)
        if not self.is_exhausted:
            raise RunTransitionRefused(status=self._status.value)
        outputs = {"answer": answer} if self.facts.message_id is not None else {}
        return self._end(RunSucceeded(at=now, outputs=outputs, usage=self._usage), answer)

    def fail(self, error: RunError, *, answer: str, now: datetime) -> tuple[RunEvent, ...]:
        """End with an error; `answer` is what the end user has seen so far."""
        self._require(RunStatus.RUNNING)
        return self._end(RunFailed(at=now, error=error, usage=self._usage), answer)

    def stop(self, reason: str, *, answer: str, now: datetime) -> tuple[RunEvent, ...]:
        """End because somebody wants it; a paused run can be stopped as well."""
        self._require(RunStatus.RUNNING, RunStatus.PAUSED)
        return self._end(RunStopped(at=now, reason=reason, usage=self._usage), answer)

    def expire(self, *, answer: str, now: datetime) -> tuple[RunEvent, ...]:
        """End a paused run that nobody came back to."""
        self._require(RunStatus.PAUSED)
        return self._end(RunExpired(at=now, usage=self._usage), answer)

    def _end(
        self, final: RunSucceeded | RunFailed | RunStopped | RunExpired, answer: str
    ) -> tuple[RunEvent, ...]:
        facts = self.facts
        if facts.message_id is None:
            return self._record(final)
        complete = MessageComplete(
            at=final.at,
            message_id=facts.message_id,
            conversation_id=facts.conversation_id,
            status=_FINAL_STATUS[type(final)],
            answer=answer,
            usage=self._usage,
        )
        return self._record(complete, final)

    def _skip_unreachable(self, now: datetime) -> tuple[RunEvent, ...]:
        recorded: tuple[RunEvent, ...] = ()
        while skippable := skippable_nodes(self.graph, self._nodes):
            recorded += self._record(
                *(NodeSkipped(at=now, node_id=node_id) for node_id in skippable)
            )
        return recorded

    def _open_node(self, node_id: NodeId) -> NodeRun:
        self._require(RunStatus.RUNNING)
        node = self._nodes.get(node_id)
        if node is None or node.status is not NodeStatus.RUNNING:
            raise RunTransitionRefused(node_id=node_id)
        return node

    def _require(self, *allowed: RunStatus) -> None:
        if self._status not in allowed:
            raise RunTransitionRefused(status=self._status.value)

    def _record(self, *events: RunEvent) -> tuple[RunEvent, ...]:
        for event in events:
            self._apply(event)
        return events

    def _apply(self, event: RunEvent) -> None:
        self._seq += 1
        match event:
            case RunStarted():
                self._facts = event
                self._status = RunStatus.RUNNING
                self.variables.put(*system_values(event))
            case NodeStarted() | NodeSucceeded() | NodeFailed() | NodeRetrying() | NodeSkipped():
                self._apply_to_node(event)
            case RunPaused():
                self._status = RunStatus.PAUSED
            case RunResumed():
                self._status = RunStatus.RUNNING
            case MessageStarted() | MessageComplete():
                # Told to readers; the run's own state does not depend on them.
                pass
            case RunSucceeded() | RunFailed() | RunStopped() | RunExpired():
                self._status = _FINAL_STATUS[type(event)]
            case _:
                assert_never(event)

    def _apply_to_node(
        self, event: NodeStarted | NodeSucceeded | NodeFailed | NodeRetrying | NodeSkipped
    ) -> None:
        match event:
            case NodeStarted():
                self._steps += 1
                self._nodes[event.node_id] = NodeRun(
                    status=NodeStatus.RUNNING, attempt=event.attempt, effect_key=event.effect_key
                )
            case NodeSucceeded():
                self._succeeded(event)
            case NodeFailed():
                self._nodes[event.node_id] = replace(
                    self._nodes[event.node_id], status=NodeStatus.FAILED, error=event.error
                )
            case NodeRetrying():
                self._nodes[event.node_id] = replace(
                    self._nodes[event.node_id], status=NodeStatus.PENDING
                )
            case NodeSkipped():
                self._nodes[event.node_id] = NodeRun(status=NodeStatus.SKIPPED)
            case _:
                assert_never(event)

    def _succeeded(self, event: NodeSucceeded) -> None:
        self._nodes[event.node_id] = replace(
            self._nodes[event.node_id],
            status=NodeStatus.SUCCEEDED,
            outputs=event.outputs,
            handle=event.handle,
            usage=event.usage,
        )
        self.variables.put(event.node_id, event.outputs)
        if event.usage is not None:
            self._usage = self._usage.plus(event.usage)


_FINAL_STATUS: dict[type[RunEvent], RunStatus] = {
    RunSucceeded: RunStatus.SUCCEEDED,
    RunFailed: RunStatus.FAILED,
    RunStopped: RunStatus.STOPPED,
    RunExpired: RunStatus.EXPIRED,
}
