"""Replaying a run from its journal: everything that follows by itself is computed once more."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dify_hex.domain.shared.errors import DomainError
from dify_hex.domain.shared.ids import AppId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.answer import Answer
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.node_events import (
    InputRequested,
    NodeFailed,
    NodeRetrying,
    NodeStarted,
    NodeSucceeded,
)
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.run import Events, WorkflowRun
from dify_hex.domain.workflow.run_events import (
    MessageComplete,
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
from dify_hex.domain.workflow.statuses import RunStatus

#: What a pure node that has just begun comes to.
Compute = Callable[[WorkflowRun, NodeAddress], NodeOutcome | RunError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where journal and replay first part; one of the two may have nothing there."""

    seq: int
    recorded: RunEvent | None
    computed: RunEvent | None
    #: Why the recorded event cannot be what happened next, where that is known.
    reason: str = ""


class Replay:
    """Drives a fresh run by what came from outside, and compares all else with the journal.

    From outside come: what effects came to, answers, pauses, the reasons of an end that nobody
    inside decided, and time. Pure nodes, skips, rounds, retries and results are computed anew.
    """

    def __init__(
        self,
        *,
        run_id: WorkflowRunId,
        tenant_id: TenantId,
        graph: Graph,
        compute: Compute,
        linked: Mapping[str, Graph] | None = None,
        secrets: Mapping[AppId, JsonObject] | None = None,
        canonical: Callable[[RunEvent], RunEvent] = lambda event: event,
    ) -> None:
        self._linked = dict(linked or {})
        self._compute = compute
        #: Gives a computed event the form that it has when it was journalled and read again.
        self._canonical = canonical
        self._run = WorkflowRun(
            run_id=run_id,
            tenant_id=tenant_id,
            graph=graph,
            linked=self._linked,
            secrets=secrets,
        )
        self._answer = Answer(self._run)
        #: What was computed, and is to be found in the journal next.
        self._expected: deque[RunEvent] = deque()

    def first_difference(self, events: Sequence[RunEvent]) -> Difference | None:
        """Compare with a journal from its first event on; None when they agree to its end."""
        for seq, recorded in enumerate(events, start=1):
            if 1 < seq <= self._run.facts.taken_over + 1:
                self._run.fold(recorded)
                continue
            reason = ""
            try:
                if not self._expected or _is_interruption(recorded):
                    self._expected.extendleft(reversed(self._follow(recorded)))
            except DomainError as error:
                reason = error.message
            except KeyError:
                reason = "The graph has no such node."
            computed = None
            if self._expected and not reason:
                computed = self._canonical(self._expected.popleft())
            if computed is None or not _agree(recorded, computed):
                return Difference(seq=seq, recorded=recorded, computed=computed, reason=reason)
        if self._expected and self._run.status.is_final:
            return Difference(seq=len(events) + 1, recorded=None, computed=self._expected[0])
        return None

    def _follow(self, event: RunEvent) -> Events:
        """What the run makes of the next thing that came from outside."""
        run, now = self._run, event.at
        match event:
            case RunStarted():
                return run.start(event)
            case NodeStarted():
                return self._start(event)
            case NodeSucceeded() | NodeFailed() | NodeRetrying() | InputRequested():
                return self._settle(event)
            case SubWorkflowStarted():
                graph = self._linked[event.graph_hash]
                return run.enter_workflow(NodeAddress(event.frame, event.node_id), graph, event)
            case PassagesShown():
                address = NodeAddress(event.frame, event.node_id)
                return run.show_passages(address, event.citations, now=now)
            case RunPaused():
                return run.pause(event.reason, now=now)
            case RunResumed():
                return run.resume(now=now)
            case MessageComplete():
                return self._end_with_message(event)
            case _:
                return self._end(event, "")

    def _start(self, event: NodeStarted) -> Events:
        address = NodeAddress(event.frame, event.node_id)
        config = self._run.node_at(address).config
        begun = self._run.start_node(address, now=event.at)
        if not config.is_pure or config.opens_scope:
            return begun
        outcome = self._compute(self._run, address)
        if isinstance(outcome, RunError):
            return begun + self._run.fail_node(address, outcome, now=event.at)
        return begun + self._run.succeed_node(address, outcome, now=event.at)

    def _settle(self, event: NodeSucceeded | NodeFailed | NodeRetrying | InputRequested) -> Events:
        run, address = self._run, NodeAddress(event.frame, event.node_id)
        match event:
            case NodeSucceeded():
                outcome = NodeOutcome(
                    outputs=event.outputs,
                    handle=event.handle,
                    usage=event.usage,
                    assigned=event.assigned,
                    printed=event.printed,
                )
                return run.succeed_node(address, outcome, now=event.at)
            case NodeFailed():
                return run.fail_node(address, event.error, now=event.at)
            case InputRequested():
                return run.request_input(address, event.form, now=event.at)
            case NodeRetrying(interrupted=True):
                return run.interrupt_node(address, event.reason, now=event.at)
            case _:
                return run.fail_node(address, event.reason, now=event.at)

    def _end_with_message(self, event: MessageComplete) -> Events:
        """The end that follows is read off the status; a text that was broken off is a fact."""
        run, now = self._run, event.at
        if event.status in (RunStatus.SUCCEEDED, RunStatus.PARTIAL_SUCCEEDED):
            self._answer.advance()
            return run.succeed(answer=self._answer.text, now=now)
        if event.status is RunStatus.EXPIRED:
            return run.expire(answer=event.answer, now=now)
        if event.status is RunStatus.STOPPED:
            return run.stop("", answer=event.answer, now=now)
        error = run.failure or RunError(code="", message="")
        return run.fail(error, answer=event.answer, now=now)

    def _end(self, event: RunEvent, answer: str) -> Events:
        run, now = self._run, event.at
        match event:
            case RunSucceeded() | RunPartialSucceeded():
                return run.succeed(answer=answer, now=now)
            case RunFailed():
                return run.fail(run.failure or event.error, answer=answer, now=now)
            case RunStopped():
                return run.stop(event.reason, answer=answer, now=now)
            case RunExpired():
                return run.expire(answer=answer, now=now)
            case _:
                return ()


def _is_interruption(event: RunEvent) -> bool:
    return isinstance(event, NodeRetrying) and event.interrupted


def _agree(recorded: RunEvent, computed: RunEvent) -> bool:
    """Whether two events say the same, but for when, and for what only chance or others decide."""
    if type(recorded) is not type(computed):
        return False
    same = replace(computed, at=recorded.at)
    if isinstance(recorded, NodeRetrying) and isinstance(same, NodeRetrying):
        same = replace(same, wait_seconds=recorded.wait_seconds)
    if isinstance(recorded, RunStopped) and isinstance(same, RunStopped):
        same = replace(same, reason=recorded.reason)
    if isinstance(recorded, RunFailed) and isinstance(same, RunFailed) and not same.error.code:
        same = replace(same, error=recorded.error)
    return same == recorded
