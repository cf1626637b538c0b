"""What a run takes over from the one that it repeats or forks: the beginning of its journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dify_hex.domain.shared.ids import NodeId, TenantId, WorkflowRunId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.container_events import ContainerEvent
from dify_hex.domain.workflow.frame import ROOT, NodeAddress
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.traversal import enclosing, reachable
from dify_hex.domain.workflow.node_events import NodeEvent, NodeFailed, NodeSkipped, NodeSucceeded
from dify_hex.domain.workflow.run import Events, WorkflowRun
from dify_hex.domain.workflow.run_events import PassagesShown, RunEvent, RunStarted
from dify_hex.domain.workflow.variables.selector import ENVIRONMENT

#: The values that a fork changes, by the node that had put them out.
Changes = Mapping[NodeId, JsonObject]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """From where a new run does things again, and with which values it differs before that."""

    again: frozenset[NodeId]
    changes: Changes = field(default_factory=dict)


class Lineage:
    """The events of a finished run, sorted by the node outside of containers that they are about.

    What is kept of a run is whole nodes: an iteration with all that happened inside it, or
    nothing of it.
    """

    def __init__(
        self, graph: Graph, events: Sequence[RunEvent], linked: Mapping[str, Graph] | None = None
    ) -> None:
        self._graph = graph
        self._linked = dict(linked or {})
        #: In the order in which the nodes ended.
        self._ended: dict[NodeId, list[RunEvent]] = {}
        self._failed: set[NodeId] = set()
        self._collect(events)

    @property
    def failed(self) -> frozenset[NodeId]:
        """The nodes outside of containers that failed, whether or not that was provided for."""
        return frozenset(self._failed)

    def begin(
        self, tenant_id: TenantId, graph: Graph, facts: RunStarted, branch: Branch
    ) -> tuple[WorkflowRun, Events]:
        """The new run with its first events.

        A node is taken over when it was brought to an end, is the same in the new run's graph,
        and nothing that leads to it is done again. What it has consumed is the former run's.
        """
        draft = self._new(tenant_id, graph, facts.run_id)
        begun = draft.start(facts)
        follows: list[RunEvent] = []
        dropped = self._dropped(graph, branch.again)
        for node_id, group in self._ended.items():
            if node_id in dropped or not draft.is_ready(NodeAddress(ROOT, node_id)):
                continue
            for event in group:
                taken = _changed(event, branch.changes)
                draft.fold(taken)
                follows.append(taken)
            follows += draft.catch_up(now=facts.at)
        run = self._new(tenant_id, graph, facts.run_id)
        run.start(replace(facts, taken_over=len(follows)))
        for event in follows:
            run.fold(event)
        return run, (run.facts, *begun[1:], *follows)

    def _new(self, tenant_id: TenantId, graph: Graph, run_id: WorkflowRunId) -> WorkflowRun:
        return WorkflowRun(run_id=run_id, tenant_id=tenant_id, graph=graph, linked=self._linked)

    def kept(self, graph: Graph, again: frozenset[NodeId]) -> frozenset[NodeId]:
        """The nodes that a run of this graph could take over."""
        return frozenset(self._ended) - self._dropped(graph, again)

    def _collect(self, events: Sequence[RunEvent]) -> None:
        groups: dict[NodeId, list[RunEvent]] = {}
        for event in events:
            root = _root_of(event)
            if root is None or (isinstance(event, NodeSkipped) and event.frame == ROOT):
                continue
            groups.setdefault(root, []).append(event)
            if not isinstance(event, NodeSucceeded | NodeFailed) or event.frame != ROOT:
                continue
            if isinstance(event, NodeFailed):
                self._failed.add(root)
            if isinstance(event, NodeSucceeded) or event.handled:
                self._ended[root] = groups[root]

    def _dropped(self, graph: Graph, again: frozenset[NodeId]) -> frozenset[NodeId]:
        begin = set(again)
        begin |= {
            node.id for node in graph.nodes if node.parent is None and self._differs(graph, node)
        }
        dropped: set[NodeId] = set()
        for node_id in begin:
            dropped |= reachable(graph, node_id)
        return frozenset(dropped) | {each for each in self._ended if not graph.has(each)}

    def _differs(self, graph: Graph, node: Node) -> bool:
        """Whether the node, or anything inside it, would do something else in the new graph."""
        before, after = _inside(self._graph, node.id), _inside(graph, node.id)
        if {each.id: _essence(each) for each in before} != {
            each.id: _essence(each) for each in after
        }:
            return True
        if _inner_edges(self._graph, node.id) != _inner_edges(graph, node.id):
            return True
        old, new = _environment(self._graph), _environment(graph)
        return any(
            reference.selector.node_id == ENVIRONMENT
            and old.get(reference.selector.name) != new.get(reference.selector.name)
            for each in after
            for reference in each.config.references()
        )


def _root_of(event: RunEvent) -> NodeId | None:
    """The node outside of containers that an event is about, or happened inside."""
    if not isinstance(event, NodeEvent | ContainerEvent | PassagesShown):
        return None
    if event.frame == ROOT:
        return event.node_id
    return NodeId(event.frame.split("/")[1].rpartition(".")[0])


def _changed(event: RunEvent, changes: Changes) -> RunEvent:
    if not isinstance(event, NodeSucceeded):
        return event
    free = replace(event, usage=None)
    if event.frame == ROOT and event.node_id in changes:
        return replace(free, outputs={**event.outputs, **changes[event.node_id]})
    return free


def _environment(graph: Graph) -> dict[str, JsonValue]:
    return {each.name: each.value for each in graph.environment}


def _inside(graph: Graph, node_id: NodeId) -> list[Node]:
    return [
        node
        for node in graph.nodes
        if node.id == node_id or (node.parent is not None and node_id in enclosing(graph, node.id))
    ]


def _essence(node: Node) -> tuple[object, ...]:
    return node.config, node.policy, node.parent


def _inner_edges(graph: Graph, node_id: NodeId) -> frozenset[Edge]:
    inner = {node.id for node in _inside(graph, node_id)} - {node_id}
    return frozenset(edge for edge in graph.edges if edge.source in inner)
