"""Walks over a graph's structure: order, cycles, what lies upstream."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph


def topological_order(graph: Graph) -> tuple[NodeId, ...]:
    """Every node after all that lead to it; nodes on a cycle, or behind one, are left out."""
    waiting = {
        node.id: sum(graph.has(edge.source) for edge in graph.incoming(node.id))
        for node in graph.nodes
    }
    queue = [node.id for node in graph.nodes if waiting[node.id] == 0]
    for node_id in queue:
        for edge in graph.outgoing(node_id):
            if edge.target not in waiting:
                continue
            waiting[edge.target] -= 1
            if waiting[edge.target] == 0:
                queue.append(edge.target)
    return tuple(queue)


def reachable(graph: Graph, start: NodeId) -> frozenset[NodeId]:
    """The start and everything that edges lead to from there."""
    found = {start}
    queue = [start]
    for node_id in queue:
        for edge in graph.outgoing(node_id):
            if edge.target not in found and graph.has(edge.target):
                found.add(edge.target)
                queue.append(edge.target)
    return frozenset(found)


def upstream(graph: Graph, node_id: NodeId) -> frozenset[NodeId]:
    """Every node from which edges lead to this one."""
    found: set[NodeId] = set()
    queue = [node_id]
    for current in queue:
        for edge in graph.incoming(current):
            if edge.source not in found and graph.has(edge.source):
                found.add(edge.source)
                queue.append(edge.source)
    return frozenset(found)


def find_cycle(graph: Graph) -> tuple[NodeId, ...]:
    """One cycle as a path that ends where it begins; empty when there is none."""
    ordered = set(topological_order(graph))
    remaining = [node.id for node in graph.nodes if node.id not in ordered]
    if not remaining:
        return ()
    # Every remaining node has a remaining predecessor, so walking backwards must close a cycle.
    path = [remaining[0]]
    while True:
        previous = next(
            edge.source
            for edge in graph.incoming(path[-1])
            if graph.has(edge.source) and edge.source not in ordered
        )
        if previous in path:
            cycle = path[path.index(previous) :]
            return (previous, *reversed(cycle))
        path.append(previous)
