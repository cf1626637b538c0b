"""Walks over a graph's structure: order, circles, what can be reached."""

from collections.abc import Iterator, Mapping, Sequence

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


def components(graph: Graph) -> tuple[tuple[NodeId, ...], ...]:
    """The nodes in groups, each after all groups that lead to it.

    Nodes that lead to each other are one group; without cycles each node is a group of its own.
    An edge into a container, or out of one, leads nowhere.
    """
    return tuple(_Components(_sources(graph)).found)


def find_cycles(graph: Graph) -> tuple[tuple[NodeId, ...], ...]:
    """One cycle of each group of nodes that lead to each other, as a path that ends where it
    begins.
    """
    sources = _sources(graph)
    return tuple(
        _shortest_cycle(component, sources)
        for component in components(graph)
        if len(component) > 1 or component[0] in sources[component[0]]
    )


def enclosing(graph: Graph, node_id: NodeId) -> tuple[NodeId, ...]:
    """The containers around a node, innermost first; itself among them when it is its own."""
    found: dict[NodeId, None] = {}
    parent = graph.node(node_id).parent
    while parent is not None and parent not in found and graph.has(parent):
        found[parent] = None
        parent = graph.node(parent).parent
    return tuple(found)


class _Components:
    """Tarjan's strongly connected components, over who leads to whom, without recursion."""

    def __init__(self, sources: Mapping[NodeId, Sequence[NodeId]]) -> None:
        self.found: list[tuple[NodeId, ...]] = []
        self._sources = sources
        self._number: dict[NodeId, int] = {}
        self._lowest: dict[NodeId, int] = {}
        self._open: dict[NodeId, None] = {}
        for node_id in sources:
            if node_id not in self._number:
                self._visit(node_id)

    def _visit(self, root: NodeId) -> None:
        path = [self._enter(root)]
        while path:
            node_id, sources = path[-1]
            for source in sources:
                if source not in self._number:
                    path.append(self._enter(source))
                    break
                if source in self._open:
                    self._lowest[node_id] = min(self._lowest[node_id], self._number[source])
            else:
                path.pop()
                self._leave(node_id)
                if path:
                    above = path[-1][0]
                    self._lowest[above] = min(self._lowest[above], self._lowest[node_id])

    def _enter(self, node_id: NodeId) -> tuple[NodeId, Iterator[NodeId]]:
        self._number[node_id] = self._lowest[node_id] = len(self._number)
        self._open[node_id] = None
        return node_id, iter(self._sources[node_id])

    def _leave(self, node_id: NodeId) -> None:
        if self._lowest[node_id] != self._number[node_id]:
            return
        members: list[NodeId] = []
        while not members or members[-1] != node_id:
            members.append(self._open.popitem()[0])
        self.found.append(tuple(members))


def _sources(graph: Graph) -> dict[NodeId, tuple[NodeId, ...]]:
    """Who leads to each node, from within its own scope."""
    return {
        node.id: tuple(
            edge.source
            for edge in graph.incoming(node.id)
            if graph.has(edge.source) and graph.node(edge.source).parent == node.parent
        )
        for node in graph.nodes
    }


def _shortest_cycle(
    component: tuple[NodeId, ...], sources: Mapping[NodeId, Sequence[NodeId]]
) -> tuple[NodeId, ...]:
    """From the component's first node back to itself, by the fewest edges."""
    first, members = component[0], set(component)
    next_on_path: dict[NodeId, NodeId] = {}
    queue = [first]
    for node_id in queue:
        for source in sources[node_id]:
            if source in members and source not in next_on_path:
                next_on_path[source] = node_id
                queue.append(source)
    path = [first, next_on_path[first]]
    while path[-1] != first:
        path.append(next_on_path[path[-1]])
    return tuple(path)
