"""A workflow's graph: nodes, and the edges between them."""

from collections import defaultdict
from dataclasses import dataclass

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.nodes.node_types import NodeConfig

#: The exit that every node has; branching nodes name others.
DEFAULT_HANDLE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step of the graph."""

    id: NodeId
    config: NodeConfig
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A connection that leaves a node by one of its handles."""

    source: NodeId
    target: NodeId
    handle: str = DEFAULT_HANDLE


class Graph:
    """Nodes and edges with the look-ups that execution needs; it may still have faults."""

    def __init__(self, *, nodes: tuple[Node, ...], edges: tuple[Edge, ...]) -> None:
        self.nodes = nodes
        self.edges = edges
        self._by_id = {node.id: node for node in nodes}
        self._incoming: dict[NodeId, list[Edge]] = defaultdict(list)
        self._outgoing: dict[NodeId, list[Edge]] = defaultdict(list)
        for edge in edges:
            self._incoming[edge.target].append(edge)
            self._outgoing[edge.source].append(edge)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self.nodes == other.nodes and self.edges == other.edges

    def __hash__(self) -> int:
        return hash((self.nodes, self.edges))

    def node(self, node_id: NodeId) -> Node:
        """The node with this id; a KeyError means the graph was never validated."""
        return self._by_id[node_id]

    def has(self, node_id: NodeId) -> bool:
        """Whether there is such a node."""
        return node_id in self._by_id

    def incoming(self, node_id: NodeId) -> list[Edge]:
        """The edges that lead to a node."""
        return self._incoming.get(node_id, [])

    def outgoing(self, node_id: NodeId) -> list[Edge]:
        """The edges that leave a node."""
        return self._outgoing.get(node_id, [])
