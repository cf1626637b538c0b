"""What two graphs mean differently: nodes, their settings, edges and variables."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from dify_hex.domain.shared.difference import differing_paths
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.unread import type_of
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration

KeyT = TypeVar("KeyT")


class ChangeKind(StrEnum):
    """What has become of a thing."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChange:
    """A node that is new, gone, or set differently; `fields` are the settings that differ."""

    node_id: NodeId
    kind: ChangeKind
    type: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeChange:
    """A connection that is new or gone."""

    edge: Edge
    kind: ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableChange:
    """A variable of the environment or the conversation that is new, gone or declared anew."""

    scope: str
    name: str
    kind: ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDifference:
    """Everything by which the second graph is another one than the first."""

    nodes: tuple[NodeChange, ...] = ()
    edges: tuple[EdgeChange, ...] = ()
    variables: tuple[VariableChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both mean the same; where things stand in the text does not matter."""
        return not (self.nodes or self.edges or self.variables)


def difference(before: Graph, after: Graph) -> GraphDifference:
    """What has to be done to the first graph to make it mean what the second does."""
    return GraphDifference(
        nodes=tuple(_node_changes(before, after)),
        edges=tuple(_edge_changes(before, after)),
        variables=(
            *_variable_changes("environment", before.environment, after.environment),
            *_variable_changes("conversation", before.conversation, after.conversation),
        ),
    )


def _node_changes(before: Graph, after: Graph) -> Iterator[NodeChange]:
    old = {node.id: node for node in before.nodes}
    new = {node.id: node for node in after.nodes}
    for node_id, kind in _changes(old, new):
        node = new.get(node_id) or old[node_id]
        changed = _changed_fields(old[node_id], node) if kind is ChangeKind.CHANGED else ()
        yield NodeChange(node_id=node_id, kind=kind, type=type_of(node), fields=tuple(changed))


def _changed_fields(before: Node, after: Node) -> Iterator[str]:
    if type_of(before) != type_of(after):
        yield "type"
    else:
        yield from differing_paths(before.config, after.config, "config")
    yield from differing_paths(before.policy, after.policy, "policy")
    for name in ("title", "parent"):
        if getattr(before, name) != getattr(after, name):
            yield name


def _edge_changes(before: Graph, after: Graph) -> Iterator[EdgeChange]:
    old = dict.fromkeys(before.edges, True)
    new = dict.fromkeys(after.edges, True)
    for edge, kind in _changes(old, new):
        yield EdgeChange(edge=edge, kind=kind)


def _variable_changes(
    scope: str, before: Iterable[VariableDeclaration], after: Iterable[VariableDeclaration]
) -> Iterator[VariableChange]:
    old = {each.name: each for each in before}
    new = {each.name: each for each in after}
    for name, kind in _changes(old, new):
        yield VariableChange(scope=scope, name=name, kind=kind)


def _changes(
    old: Mapping[KeyT, object], new: Mapping[KeyT, object]
) -> Iterator[tuple[KeyT, ChangeKind]]:
    for key in old:
        if key not in new:
            yield key, ChangeKind.REMOVED
        elif old[key] != new[key]:
            yield key, ChangeKind.CHANGED
    for key in new:
        if key not in old:
            yield key, ChangeKind.ADDED
