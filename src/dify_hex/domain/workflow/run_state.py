"""The state of a run: what its events have come to, and what they allow next."""

from collections.abc import Mapping
from datetime import timedelta
from typing import assert_never

from dify_hex.domain.shared.ids import AppId, NodeId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.agenda import Agenda
from dify_hex.domain.workflow.container_events import IterationSucceeded
from dify_hex.domain.workflow.frame import ROOT, Frame, NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.node_events import (
    InputRequested,
    NodeEvent,
    NodeFailed,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
)
from dify_hex.domain.workflow.node_run import Assignment, NodeRun, RunError
from dify_hex.domain.workflow.rounds import Rounds
from dify_hex.domain.workflow.run_events import (
    MessageComplete,
    MessageStarted,
    PassagesShown,
    RunEvent,
    RunExpired,
    RunFailed,
    RunPartialSucceeded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    RunSucceeded,
)
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.domain.workflow.system_values import system_values
from dify_hex.domain.workflow.variables.measure import Measure, measure
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import CONVERSATION, ENVIRONMENT

FINAL_STATUS: Mapping[type[RunEvent], RunStatus] = {
    RunSucceeded: RunStatus.SUCCEEDED,
    RunPartialSucceeded: RunStatus.PARTIAL_SUCCEEDED,
    RunFailed: RunStatus.FAILED,
    RunStopped: RunStatus.STOPPED,
    RunExpired: RunStatus.EXPIRED,
}


class RunState:
    """Folds events and refuses none of them; what may be recorded is for the run to say.

    Every look-up that the run's verbs need is kept up to date by the fold, so that the price of
    an event does not grow with the graph.
    """

    def __init__(
        self, graph: Graph, linked: Mapping[str, Graph], secrets: Mapping[AppId, JsonObject]
    ) -> None:
        self.status = RunStatus.PENDING
        self.seq = 0
        self.facts: RunStarted | None = None
        self.usage = Usage()
        #: Why the run cannot go on.
        self.failure: RunError | None = None
        self.steps = 0
        #: Values and characters that nodes have put out, all together.
        self.size = 0
        self._measured: tuple[JsonObject, Measure] = ({}, Measure(0, 0))
        self.handled_errors = 0
        root = Frame(id=ROOT, graph=graph, scope=None, variables=VariablePool())
        self.agenda = Agenda(root)
        self._secrets = secrets
        self.rounds = Rounds(self.agenda, linked, secrets)
        #: Conversation variables that the run has set.
        self.assigned: dict[str, JsonValue] = {}
        #: Whether anybody has been asked to fill a form.
        self.has_asked = False
        #: The passages that models were shown, each once.
        self.citations: tuple[Citation, ...] = ()
        #: What answer nodes inside of containers have said, by the outermost container.
        self.spoken: dict[NodeId, list[str]] = {}

    def node_at(self, address: NodeAddress) -> Node:
        """The node as its graph defines it."""
        return self.agenda.frames[address.frame].graph.node(address.node_id)

    def run_of(self, address: NodeAddress) -> NodeRun | None:
        """How far a node has come; None when it has not begun, or its round is over."""
        frame = self.agenda.frames.get(address.frame)
        return None if frame is None else frame.nodes.get(address.node_id)

    def measured(self, outputs: JsonObject) -> Measure:
        """How big outputs are; what was asked last is not measured again."""
        if self._measured[0] is not outputs:
            self._measured = outputs, measure(outputs)
        return self._measured[1]

    def apply(self, event: RunEvent) -> None:
        """Fold one event in."""
        self.seq += 1
        match event:
            case (
                NodeStarted()
                | NodeSucceeded()
                | NodeFailed()
                | NodeRetrying()
                | NodeSkipped()
                | InputRequested()
            ):
                self._apply_to_node(event)
            case RunStarted():
                self._start(event)
            case RunPaused():
                self.status = RunStatus.PAUSED
            case RunResumed():
                self.status = RunStatus.RUNNING
            case PassagesShown():
                self.citations += event.citations
            case MessageStarted() | MessageComplete():
                # Told to readers; the run's own state does not depend on them.
                pass
            case RunSucceeded() | RunPartialSucceeded() | RunFailed() | RunStopped() | RunExpired():
                self.status = FINAL_STATUS[type(event)]
            case _:
                self.rounds.apply(event)
                if isinstance(event, IterationSucceeded):
                    self.handled_errors += event.failed

    def _start(self, event: RunStarted) -> None:
        self.facts = event
        self.status = RunStatus.RUNNING
        root, secrets = self.agenda.root, self._secrets.get(event.app_id, {})
        root.inputs = event.inputs
        root.links = (event.app_id,)
        root.variables.put(ENVIRONMENT, root.graph.environment_values(secrets))
        self.agenda.root.variables.put(*system_values(event))
        self.agenda.root.variables.put(CONVERSATION, event.conversation)
        for node_id, values in event.given.items():
            known = self.agenda.root.variables.of(node_id)
            self.agenda.root.variables.put(node_id, {**known, **values})

    def _apply_to_node(self, event: NodeEvent) -> None:
        address = NodeAddress(event.frame, event.node_id)
        frame = self.agenda.frames[event.frame]
        match event:
            case NodeStarted():
                self._node_started(address, frame, event)
            case NodeSucceeded():
                self._node_succeeded(address, frame, event)
            case NodeFailed():
                self._node_failed(address, frame, event)
            case NodeRetrying():
                self._node_retrying(address, frame, event)
            case NodeSkipped():
                del self.agenda.skippable[address]
                frame.nodes[event.node_id] = NodeRun(status=NodeStatus.SKIPPED)
                self._leave(frame, event.node_id, None)
            case InputRequested():
                before = frame.nodes[event.node_id]
                self.has_asked = True
                self.agenda.open.pop(address)
                self.agenda.waiting[address] = None
                frame.nodes[event.node_id] = NodeRun(
                    status=NodeStatus.PAUSED,
                    attempt=before.attempt,
                    failures=before.failures,
                    effect_key=before.effect_key,
                    form=event.form,
                )
            case _:
                assert_never(event)

    def _node_started(self, address: NodeAddress, frame: Frame, event: NodeStarted) -> None:
        before = frame.nodes.get(event.node_id)
        self.steps += 1
        del self.agenda.ready[address]
        self.agenda.open[address] = None
        frame.nodes[event.node_id] = NodeRun(
            status=NodeStatus.RUNNING,
            attempt=event.attempt,
            failures=0 if before is None else before.failures,
            effect_key=event.effect_key,
        )

    def _node_succeeded(self, address: NodeAddress, frame: Frame, event: NodeSucceeded) -> None:
        self._no_longer_open(address)
        frame.nodes[event.node_id] = NodeRun(
            status=NodeStatus.SUCCEEDED,
            attempt=event.attempt,
            outputs=event.outputs,
            handle=event.handle,
            usage=event.usage,
        )
        frame.variables.put(event.node_id, event.outputs)
        for assignment in event.assigned:
            self._assign(frame, assignment)
        self.size += self.measured(event.outputs).size
        if event.usage is not None:
            self.usage = self.usage.plus(event.usage)
        kind = frame.graph.node(event.node_id).config.type
        if kind == "answer" and frame.outermost is not None:
            self.spoken.setdefault(frame.outermost, []).append(str(event.outputs.get("answer", "")))
        if kind == "loop-end":
            self.rounds.broken(frame)
        else:
            self._leave(frame, event.node_id, event.handle)

    def _node_failed(self, address: NodeAddress, frame: Frame, event: NodeFailed) -> None:
        self._no_longer_open(address)
        frame.nodes[event.node_id] = NodeRun(
            status=NodeStatus.FAILED,
            attempt=event.attempt,
            error=event.error,
            outputs=event.outputs,
            handle=event.handle,
            handled=event.handled,
        )
        if event.handled:
            self.handled_errors += 1
            frame.variables.put(event.node_id, event.outputs)
            self._leave(frame, event.node_id, event.handle)
        elif frame.container is None:
            self.failure = _failure_of(event)
        else:
            self.rounds.failed(frame, event.error)

    def _node_retrying(self, address: NodeAddress, frame: Frame, event: NodeRetrying) -> None:
        before = frame.nodes[event.node_id]
        self._no_longer_open(address)
        self.agenda.ready[address] = None
        wait = timedelta(seconds=event.wait_seconds)
        frame.nodes[event.node_id] = NodeRun(
            status=NodeStatus.PENDING,
            attempt=before.attempt,
            failures=before.failures + (not event.interrupted),
            effect_key=before.effect_key if event.interrupted else "",
            not_before=event.at + wait if event.wait_seconds else None,
        )

    def _assign(self, frame: Frame, assignment: Assignment) -> None:
        frame.variables.assign(assignment.selector, assignment.value)
        if assignment.selector.node_id == CONVERSATION:
            self.assigned[assignment.selector.name] = assignment.value

    def _leave(self, frame: Frame, node_id: NodeId, handle: str | None) -> None:
        if self.agenda.leave(frame, node_id, handle):
            self.rounds.succeeded(frame)

    def _no_longer_open(self, address: NodeAddress) -> None:
        self.agenda.open.pop(address, None)
        self.agenda.waiting.pop(address, None)
        self.rounds.close(address)


def _failure_of(event: NodeFailed) -> RunError:
    told = {**event.error.details, "node_id": event.node_id, "attempt": event.attempt}
    return RunError(code=event.error.code, message=event.error.message, details=told)
