"""What can be asked of a run, by those who look at it and those who drive it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dify_hex.domain.shared.ids import AppId, NodeId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.citation import Citation
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.usage import Usage
from dify_hex.domain.workflow.containers import final_outputs
from dify_hex.domain.workflow.errors import RunTransitionRefused
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.node_run import NodeRun, RequestedInput, RunError
from dify_hex.domain.workflow.run_events import RunStarted
from dify_hex.domain.workflow.run_state import RunState
from dify_hex.domain.workflow.statuses import RunStatus
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT
from dify_hex.domain.workflow.variables.value_type import ValueType


class RunView:
    """A run's state, to look at."""

    def __init__(
        self, *, run_id: WorkflowRunId, tenant_id: TenantId, graph: Graph, state: RunState
    ) -> None:
        self.run_id = run_id
        self.tenant_id = tenant_id
        self.graph = graph
        self._state = state

    @property
    def status(self) -> RunStatus:
        """Where the run stands."""
        return self._state.status

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._state.seq

    @property
    def facts(self) -> RunStarted:
        """What the run began with.

        Raises:
            RunTransitionRefused: it has not begun.
        """
        if self._state.facts is None:
            raise RunTransitionRefused(status=self.status.value)
        return self._state.facts

    @property
    def nodes(self) -> Mapping[NodeId, NodeRun]:
        """Every node outside of containers that has begun or been skipped."""
        return MappingProxyType(self._state.agenda.root.nodes)

    @property
    def variables(self) -> VariablePool:
        """The values that nodes outside of containers see."""
        return self._state.agenda.root.variables

    @property
    def usage(self) -> Usage:
        """What all nodes together have consumed."""
        return self._state.usage

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The passages that models were shown for the message, each once and in that order."""
        return self._state.citations

    @property
    def size(self) -> int:
        """What its nodes have put out together, in values and characters."""
        return self._state.size

    @property
    def steps(self) -> int:
        """How many attempts of nodes have begun."""
        return self._state.steps

    @property
    def closures(self) -> int:
        """Grows whenever nodes under way were given up with the round they belonged to."""
        return self._state.agenda.closures

    @property
    def assigned(self) -> Mapping[str, JsonValue]:
        """The conversation variables that this run has set, with their latest values."""
        return MappingProxyType(self._state.assigned)

    def spoken_in(self, container: NodeId) -> Sequence[str]:
        """What answer nodes inside of a container, however deep, have said so far."""
        return self._state.spoken.get(container, ())

    def node_at(self, address: NodeAddress) -> Node:
        """A node that is ready or has begun."""
        return self._state.node_at(address)

    def node_run(self, address: NodeAddress) -> NodeRun | None:
        """How far a node has come; None when it has not begun, or its round is over."""
        return self._state.run_of(address)

    def variables_of(self, address: NodeAddress) -> VariablePool:
        """The values that a node sees."""
        return self._state.agenda.frames[address.frame].variables

    def secrets_of(self, address: NodeAddress) -> frozenset[str]:
        """The values of the secrets that a node sees."""
        frame = self._state.agenda.frames[address.frame]
        if not frame.graph.declares_secrets:
            return frozenset()
        known = frame.variables.of(ENVIRONMENT)
        declared = (each for each in frame.graph.environment if each.type is ValueType.SECRET)
        return frozenset(str(known[each.name]) for each in declared if known.get(each.name))

    def inputs_of(self, address: NodeAddress) -> JsonObject:
        """The inputs of the graph that a node is part of."""
        return self._state.agenda.frames[address.frame].inputs

    def links_of(self, address: NodeAddress) -> Sequence[AppId]:
        """The workflows that are open around a node, the run's own first."""
        return self._state.agenda.frames[address.frame].links

    def ready(self) -> Sequence[NodeAddress]:
        """The nodes that may start now, or start again; none unless the run is running."""
        if self.status is not RunStatus.RUNNING:
            return ()
        return tuple(self._state.agenda.ready)

    def is_ready(self, address: NodeAddress) -> bool:
        """Whether the node may start now, or start again."""
        return self.status is RunStatus.RUNNING and address in self._state.agenda.ready

    def is_open(self, address: NodeAddress) -> bool:
        """Whether an attempt of the node is under way."""
        return address in self._state.agenda.open

    def open_nodes(self) -> Sequence[NodeAddress]:
        """The attempts that are under way; containers are not, as their children are."""
        rounds = self._state.rounds
        return tuple(each for each in self._state.agenda.open if rounds.get(each) is None)

    def waiting_nodes(self) -> Mapping[NodeAddress, RequestedInput]:
        """The nodes that wait for somebody, with the forms that they wait for."""
        waiting = ((each, self._state.run_of(each)) for each in self._state.agenda.waiting)
        return {each: node.form for each, node in waiting if node is not None and node.form}

    @property
    def has_asked(self) -> bool:
        """Whether the run has asked anybody to fill a form, answered or not."""
        return self._state.has_asked

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing can, but for what somebody has to answer."""
        return not self.open_nodes() and not self.ready()

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing runs, nothing can and nobody is waited for."""
        return self.is_idle and not self._state.agenda.waiting

    @property
    def failure(self) -> RunError | None:
        """Why the run cannot go on; None as long as it can."""
        return self._state.failure

    def outputs(self, answer: str) -> JsonObject:
        """What the run puts out, as far as it has come."""
        if self.facts.message_id is not None:
            return {"answer": answer}
        return final_outputs(self._state.agenda.root)
