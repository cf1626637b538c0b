"""A workflow's graph: nodes, the edges between them, and the scopes that containers open."""

from collections.abc import Mapping
from dataclasses import dataclass

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.node_policy import NO_POLICY, NodePolicy
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step of the graph; `parent` is the iteration or loop that repeats it."""

    id: NodeId
    config: NodeConfig
    title: str = ""
    parent: NodeId | None = None
    policy: NodePolicy = NO_POLICY


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A connection that leaves a node by one of its handles."""

    source: NodeId
    target: NodeId
    handle: str = DEFAULT_HANDLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The nodes that run together: the whole graph's, or the children of one container."""

    nodes: tuple[NodeId, ...]
    #: The nodes that no edge leads to; they begin when the scope does.
    roots: tuple[NodeId, ...]
    #: How many edges lead to each node that is no root.
    waiting: Mapping[NodeId, int]


class Graph:
    """Nodes and edges with the look-ups that execution needs; it may still have faults."""

    def __init__(
        self,
        *,
        nodes: tuple[Node, ...],
        edges: tuple[Edge, ...],
        environment: tuple[VariableDeclaration, ...] = (),
        conversation: tuple[VariableDeclaration, ...] = (),
    ) -> None:
        self.nodes = nodes
        self.edges = edges
        self.environment = environment
        self.conversation = conversation
        self._by_id = {node.id: node for node in nodes}
        self._incoming: dict[NodeId, list[Edge]] = {node.id: [] for node in nodes}
        self._outgoing: dict[NodeId, list[Edge]] = {node.id: [] for node in nodes}
        for edge in edges:
            self._incoming.setdefault(edge.target, []).append(edge)
            self._outgoing.setdefault(edge.source, []).append(edge)
        self._scopes = self._build_scopes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Graph) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash((tuple(self._by_id), self.edges))

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

    def node_schemas(self) -> Mapping[str, int]:
        """Which release of each node type's meaning the graph was read with."""
        return {node.config.type: node.config.schema_version for node in self.nodes}

    def scope(self, container: NodeId | None = None) -> Scope:
        """What runs inside a container; None for what runs in none."""
        return self._scopes.get(container, _EMPTY)

    @property
    def declares_secrets(self) -> bool:
        """Whether the environment has variables whose values come from outside."""
        return any(each.type is ValueType.SECRET for each in self.environment)

    def environment_values(self, secrets: JsonObject | None = None) -> dict[str, JsonValue]:
        """The values of the environment: the graph's own, and those of secrets that it declares."""
        values = {each.name: each.value for each in self.environment if each.value is not None}
        known = secrets or {}
        secret = (each.name for each in self.environment if each.type is ValueType.SECRET)
        return {**values, **{name: known[name] for name in secret if name in known}}

    def _build_scopes(self) -> dict[NodeId | None, Scope]:
        members: dict[NodeId | None, list[NodeId]] = {None: []}
        for node in self.nodes:
            members.setdefault(node.parent, []).append(node.id)
        return {
            parent: Scope(
                nodes=tuple(children),
                roots=tuple(child for child in children if not self._incoming[child]),
                waiting={
                    child: len(self._incoming[child]) for child in children if self._incoming[child]
                },
            )
            for parent, children in members.items()
        }

    def _all(self) -> tuple[object, ...]:
        return self.nodes, self.edges, self.environment, self.conversation


_EMPTY = Scope(nodes=(), roots=(), waiting={})
