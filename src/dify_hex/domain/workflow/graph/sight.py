"""Which values a node can see: those of nodes before it, and of the containers around it."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.traversal import components, enclosing


class Sight:
    """Answers from one bit per node, so that each question costs the same in any graph.

    A node sees what runs before it in its own scope, and what the container around it sees.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._bits = {node.id: 1 << index for index, node in enumerate(graph.nodes)}
        self._before: dict[NodeId, int] = {}
        for component in components(graph):
            before = self._leading_to(component)
            self._before.update(dict.fromkeys(component, before))

    def from_node(self, node_id: NodeId) -> int:
        """What a node sees, as bits."""
        seen = self._before[node_id]
        for container in enclosing(self._graph, node_id):
            seen |= self._before[container]
        return seen

    def from_inside(self, container: NodeId) -> int:
        """What a container sees that looks back on its children, as bits."""
        seen = self.from_node(container)
        for child in self._graph.scope(container).nodes:
            seen |= self._bits[child]
        return seen

    def includes(self, seen: int, node_id: NodeId) -> bool:
        """Whether a node is among those that are seen."""
        return bool(seen & self._bits[node_id])

    def _leading_to(self, component: tuple[NodeId, ...]) -> int:
        scope = self._graph.node(component[0]).parent
        before = 0
        for node_id in component:
            for edge in self._graph.incoming(node_id):
                if self._graph.has(edge.source) and self._graph.node(edge.source).parent == scope:
                    before |= self._bits[edge.source] | self._before.get(edge.source, 0)
        return before
