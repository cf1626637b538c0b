"""Which nodes will run for sure: a pure function of graph and node states."""

from collections.abc import Mapping
from enum import Enum

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Edge, Graph
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE
from dify_hex.domain.workflow.node_run import NodeRun
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
    if source.left_by is None:
        return EdgeState.UNDECIDED
    return EdgeState.TAKEN if edge.handle == source.left_by else EdgeState.SKIPPED


def is_certain(graph: Graph, node_id: NodeId, nodes: Mapping[NodeId, NodeRun]) -> bool:
    """Whether the node will run for sure, unless the run ends before.

    An edge from a certain node that leaves by the only handle in use needs no decision any more.
    """
    waiting = [node_id]
    seen = {node_id}
    while waiting:
        current = waiting.pop()
        if current in nodes:
            if nodes[current].status is not NodeStatus.SKIPPED:
                return True
            continue
        incoming = graph.incoming(current)
        if not incoming:
            return True
        for edge in incoming:
            state = edge_state(edge, nodes)
            if state is EdgeState.TAKEN:
                return True
            undecided = state is EdgeState.UNDECIDED and not _branches(graph, edge.source)
            if undecided and edge.source not in seen:
                seen.add(edge.source)
                waiting.append(edge.source)
    return False


def _branches(graph: Graph, node_id: NodeId) -> bool:
    return any(edge.handle != DEFAULT_HANDLE for edge in graph.outgoing(node_id))
