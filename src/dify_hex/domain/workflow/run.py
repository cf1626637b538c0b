"""WorkflowRun: one execution of a graph, as the fold over its RunEvents."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Self

from dify_hex.domain.shared.ids import AppId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.citing import newly_cited
from dify_hex.domain.workflow.container_events import SubWorkflowStarted
from dify_hex.domain.workflow.errors import (
    LinkedInCircle,
    NestedTooDeeply,
    NodeOutputTooLong,
    RunTransitionRefused,
    VariableMissing,
)
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.links import require_linkable
from dify_hex.domain.workflow.node_events import (
    InputRequested,
    NodeRetrying,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
)
from dify_hex.domain.workflow.node_run import NodeOutcome, NodeRun, RequestedInput, RunError
from dify_hex.domain.workflow.opening import opening_of
from dify_hex.domain.workflow.policies import after_failure
from dify_hex.domain.workflow.run_events import (
    MessageComplete,
    MessageStarted,
    PassagesShown,
    RunEvent,
    RunExpired,
    RunFailed,
    RunFinal,
    RunPartialSucceeded,
    RunPaused,
    RunResumed,
    RunStarted,
    RunStopped,
    RunSucceeded,
)
from dify_hex.domain.workflow.run_state import FINAL_STATUS, RunState
from dify_hex.domain.workflow.run_view import RunView
from dify_hex.domain.workflow.statuses import NodeStatus, RunStatus
from dify_hex.domain.workflow.variables.measure import MAX_DEPTH, MAX_OUTCOME

Events = tuple[RunEvent, ...]


class WorkflowRun(RunView):
    """Decides what may happen next; every decision is an event, and only events change it.

    A verb raises its events, folds them in and hands them out numbered by `seq`, which counts
    from 1 without gaps. What the verbs refuse never reaches the journal. Whatever follows by
    itself (nodes that can no longer be reached, the next item of an iteration) is part of what
    the verb returns; after a crash `catch_up` brings what was not journalled any more.

    `linked` are the graphs of the linked workflows that have begun, by hash; `secrets` the values
    of environments by the app that they belong to, which no event ever tells.
    """

    def __init__(
        self,
        *,
        run_id: WorkflowRunId,
        tenant_id: TenantId,
        graph: Graph,
        linked: Mapping[str, Graph] | None = None,
        secrets: Mapping[AppId, JsonObject] | None = None,
    ) -> None:
        self._id_text = str(run_id)
        self._linked: dict[str, Graph] = dict(linked or {})
        self._secrets: dict[AppId, JsonObject] = dict(secrets or {})
        state = RunState(graph, self._linked, self._secrets)
        super().__init__(run_id=run_id, tenant_id=tenant_id, graph=graph, state=state)

    @classmethod
    def replay(
        cls,
        *,
        run_id: WorkflowRunId,
        tenant_id: TenantId,
        graph: Graph,
        events: Iterable[RunEvent],
        linked: Mapping[str, Graph] | None = None,
        secrets: Mapping[AppId, JsonObject] | None = None,
    ) -> Self:
        """The run as its journal tells it."""
        run = cls(run_id=run_id, tenant_id=tenant_id, graph=graph, linked=linked, secrets=secrets)
        for event in events:
            run.fold(event)
        return run

    def fold(self, event: RunEvent) -> None:
        """Take in an event that was decided before."""
        self._state.apply(event)

    def start(self, facts: RunStarted) -> Events:
        """Begin; a run that answers a message says so right away."""
        if self._state.facts is not None:
            raise RunTransitionRefused(status=self.status.value)
        if facts.message_id is None:
            return self._record(facts)
        told = MessageStarted(
            at=facts.at, message_id=facts.message_id, conversation_id=facts.conversation_id
        )
        return self._record(facts, told)

    def catch_up(self, *, now: datetime) -> Events:
        """Record what follows from the journal by itself and did not get into it any more."""
        return self._follow(now) if self.status is RunStatus.RUNNING else ()

    def start_node(self, address: NodeAddress, *, now: datetime) -> Events:
        """Begin an attempt of a node that is ready or waits for another attempt."""
        self._require(RunStatus.RUNNING)
        if address not in self._state.agenda.ready:
            raise RunTransitionRefused(node_id=address.node_id)
        before = self._state.run_of(address)
        node = self.node_at(address)
        recorded = self._record(
            NodeStarted(
                at=now,
                node_id=address.node_id,
                node_type=node.config.type,
                attempt=1 if before is None else before.attempt + 1,
                effect_key=(before and before.effect_key) or f"{self._id_text}:{self.seq + 1}",
                frame=address.frame,
            )
        )
        if not node.config.opens_scope:
            return recorded
        opening = opening_of(node, address.frame, self.variables_of(address), now)
        if isinstance(opening, RunError):
            return recorded + self.fail_node(address, opening, now=now)
        return recorded + self._record(opening) + self._follow(now)

    def succeed_node(self, address: NodeAddress, outcome: NodeOutcome, *, now: datetime) -> Events:
        """Record what a node put out, and what follows from that by itself."""
        node = self._begun_node(address)
        for assignment in outcome.assigned:
            if not self.variables_of(address).has(assignment.selector):
                missing = RunError.of(VariableMissing(selector=str(assignment.selector)))
                return self.fail_node(address, missing, now=now)
        if self._state.measured(outcome.outputs).is_too_much:
            too_long = RunError.of(NodeOutputTooLong(limit=MAX_OUTCOME, depth=MAX_DEPTH))
            return self.fail_node(address, too_long, now=now)
        recorded = self._record(
            NodeSucceeded(
                at=now,
                node_id=address.node_id,
                attempt=node.attempt,
                outputs=outcome.outputs,
                handle=outcome.handle,
                usage=outcome.usage,
                frame=address.frame,
                assigned=outcome.assigned,
                printed=outcome.printed,
            )
        )
        return recorded + self._follow(now)

    def show_passages(
        self, address: NodeAddress, citations: Iterable[Citation], *, now: datetime
    ) -> Events:
        """Note what a node shows its model; what the message was given before is not told again.

        A run without a message has nobody to tell.
        """
        self._open_node(address)
        if self.facts.message_id is None:
            return ()
        new = newly_cited(self.citations, citations)
        if not new:
            return ()
        return self._record(
            PassagesShown(at=now, node_id=address.node_id, citations=new, frame=address.frame)
        )

    def request_input(self, address: NodeAddress, form: RequestedInput, *, now: datetime) -> Events:
        """Let a node wait for somebody to fill a form."""
        self._open_node(address)
        return self._record(
            InputRequested(at=now, node_id=address.node_id, form=form, frame=address.frame)
        )

    def enter_workflow(
        self,
        address: NodeAddress,
        graph: Graph,
        started: SubWorkflowStarted,
        secrets: JsonObject | None = None,
    ) -> Events:
        """Begin a linked workflow inside a node, which fails where that one cannot be opened."""
        self._open_node(address)
        try:
            require_linkable(started.app_id, self.links_of(address), address.frame)
        except (LinkedInCircle, NestedTooDeeply) as refused:
            return self.fail_node(address, RunError.of(refused), now=started.at)
        self._linked[started.graph_hash] = graph
        self._secrets.setdefault(started.app_id, secrets or {})
        return self._record(started) + self._follow(started.at)

    def interrupt_node(self, address: NodeAddress, reason: RunError, *, now: datetime) -> Events:
        """Give up an attempt whose owner died; the next repeats its effects under their keys."""
        node = self._open_node(address)
        return self._record(
            NodeRetrying(
                at=now,
                node_id=address.node_id,
                attempt=node.attempt,
                reason=reason,
                frame=address.frame,
                interrupted=True,
            )
        )

    def fail_node(
        self, address: NodeAddress, error: RunError, *, now: datetime, chance: float = 0.0
    ) -> Events:
        """Record that an attempt failed, and what its policy says follows.

        `chance`, from 0 to 1, decides how much of a wait's jitter is taken off.
        """
        node = self._begun_node(address)
        policy = self.node_at(address).policy
        recorded = self._record(after_failure(address, node, policy, error, now, chance))
        return recorded + self._follow(now)

    def pause(self, reason: str, *, now: datetime) -> Events:
        """Wait for somebody to act; refused while anything still runs."""
        self._require(RunStatus.RUNNING)
        if self.open_nodes():
            raise RunTransitionRefused(status=self.status.value)
        return self._record(RunPaused(at=now, reason=reason))

    def resume(self, *, now: datetime) -> Events:
        """Go on after a pause."""
        self._require(RunStatus.PAUSED)
        return self._record(RunResumed(at=now))

    def succeed(self, *, answer: str, now: datetime) -> Events:
        """End well; refused while anything runs or could."""
        self._require(RunStatus.RUNNING)
        if not self.is_exhausted:
            raise RunTransitionRefused(status=self.status.value)
        outputs = self.outputs(answer)
        errors = self._state.handled_errors
        if errors == 0:
            return self._end(RunSucceeded(at=now, outputs=outputs, usage=self.usage), answer)
        return self._end(
            RunPartialSucceeded(at=now, outputs=outputs, usage=self.usage, handled_errors=errors),
            answer,
        )

    def fail(self, error: RunError, *, answer: str, now: datetime) -> Events:
        """End with an error; `answer` is what the end user has seen so far."""
        self._require(RunStatus.RUNNING)
        return self._end(RunFailed(at=now, error=error, usage=self.usage), answer)

    def stop(self, reason: str, *, answer: str, now: datetime) -> Events:
        """End because somebody wants it; a paused run can be stopped as well."""
        self._require(RunStatus.RUNNING, RunStatus.PAUSED)
        return self._end(RunStopped(at=now, reason=reason, usage=self.usage), answer)

    def expire(self, *, answer: str, now: datetime) -> Events:
        """End a paused run that nobody came back to."""
        self._require(RunStatus.PAUSED)
        return self._end(RunExpired(at=now, usage=self.usage), answer)

    def _end(self, final: RunFinal, answer: str) -> Events:
        facts = self.facts
        if facts.message_id is None:
            return self._record(final)
        complete = MessageComplete(
            at=final.at,
            message_id=facts.message_id,
            conversation_id=facts.conversation_id,
            status=FINAL_STATUS[type(final)],
            answer=answer,
            usage=self.usage,
            citations=self.citations,
        )
        return self._record(complete, final)

    def _follow(self, now: datetime) -> Events:
        """Everything that follows by itself, until nothing does."""
        recorded: list[RunEvent] = []
        state = self._state
        while True:
            if state.agenda.skippable:
                frame, node_id = next(iter(state.agenda.skippable))
                recorded += self._record(NodeSkipped(at=now, node_id=node_id, frame=frame))
            elif state.agenda.unsettled:
                recorded += self._settle_container(next(iter(state.agenda.unsettled)), now)
            else:
                return tuple(recorded)

    def _settle_container(self, address: NodeAddress, now: datetime) -> Events:
        container = self._state.rounds.get(address)
        step = None if container is None else container.next_step(now)
        if step is None:
            del self._state.agenda.unsettled[address]
            return ()
        if isinstance(step, NodeOutcome):
            return self.succeed_node(address, step, now=now)
        if isinstance(step, RunError):
            return self.fail_node(address, step, now=now)
        return self._record(step)

    def _open_node(self, address: NodeAddress) -> NodeRun:
        node = self._begun_node(address)
        if node.status is not NodeStatus.RUNNING:
            raise RunTransitionRefused(node_id=address.node_id)
        return node

    def _begun_node(self, address: NodeAddress) -> NodeRun:
        self._require(RunStatus.RUNNING)
        node = self._state.run_of(address)
        if node is None or node.status not in (NodeStatus.RUNNING, NodeStatus.PAUSED):
            raise RunTransitionRefused(node_id=address.node_id)
        return node

    def _require(self, *allowed: RunStatus) -> None:
        if self.status not in allowed:
            raise RunTransitionRefused(status=self.status.value)

    def _record(self, *events: RunEvent) -> Events:
        for event in events:
            self._state.apply(event)
        return events
