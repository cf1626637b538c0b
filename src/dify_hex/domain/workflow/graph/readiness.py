"""Which nodes may run now, and which never will: pure functions of graph and node states."""

from collections.abc import Mapping
from enum import Enum

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Edge, Graph
from dify_hex.domain.workflow.node_run import NodeRun
from dify_hex.domain.workflow.nodes.node_config import DEFAULT_HANDLE
from dify_hex.domain.workflow.statuses import NodeStatus


class EdgeState(Enum):
    """What is known of an edge."""

    UNDECIDED = "undecided"
    TAKEN = "taken"
    SKIPPED = "skipped"


def edge_state(edge: Edge, nodes: Mapping[NodeId, NodeRun]) -> EdgeState:
    """Whether the run went along this edge."""
    source = nodes.get(edge.source)
    if source is None:
        return EdgeState.UNDECIDED
    if source.status is NodeStatus.SKIPPED:
        return EdgeState.SKIPPED
    if source.status is NodeStatus.SUCCEEDED:
        return EdgeState.TAKEN if edge.handle == source.handle else EdgeState.SKIPPED
    return EdgeState.UNDECIDED


def ready_nodes(graph: Graph, nodes: Mapping[NodeId, NodeRun]) -> tuple[NodeId, ...]:
    """Nodes not begun whose incoming edges are all decided, at least one of them taken."""
    return tuple(
        node.id
        for node in graph.nodes
        if node.id not in nodes
        and _decided(graph, node.id, nodes)
        and (not graph.incoming(node.id) or _any_taken(graph, node.id, nodes))
    )


def skippable_nodes(graph: Graph, nodes: Mapping[NodeId, NodeRun]) -> tuple[NodeId, ...]:
    """Nodes not begun whose incoming edges are all decided, none of them taken."""
    return tuple(
        node.id
        for node in graph.nodes
        if node.id not in nodes
        and graph.incoming(node.id)
        and _decided(graph, node.id, nodes)
        and not _any_taken(graph, node.id, nodes)
    )


def is_certain(graph: Graph, node_id: NodeId, nodes: Mapping[NodeId, NodeRun]) -> bool:
    """Whether the node will run for sure, unless the run ends before.

    An edge from a certain node that leaves by the only handle in use needs no decision any more.
    """
    if node_id in nodes:
        return nodes[node_id].status is not NodeStatus.SKIPPED
    incoming = graph.incoming(node_id)
    if not incoming:
        return True
    return any(
        edge_state(edge, nodes) is EdgeState.TAKEN
        or (
            edge_state(edge, nodes) is EdgeState.UNDECIDED
            and not _branches(graph, edge.source)
            and is_certain(graph, edge.source, nodes)
        )
        for edge in incoming
    )


def _branches(graph: Graph, node_id: NodeId) -> bool:
    return any(edge.handle != DEFAULT_HANDLE for edge in graph.outgoing(node_id))


def _decided(graph: Graph, node_id: NodeId, nodes: Mapping[NodeId, NodeRun]) -> bool:
    return all(
        edge_state(edge, nodes) is not EdgeState.UNDECIDED for edge in graph.incoming(node_id)
    )


def _any_taken(graph: Graph, node_id: NodeId, nodes: Mapping[NodeId, NodeRun]) -> bool:
    return any(edge_state(edge, nodes) is EdgeState.TAKEN for edge in graph.incoming(node_id))
