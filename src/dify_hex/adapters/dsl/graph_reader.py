"""Reads a graph from untrusted text, as far as it can be read, with everything that is amiss."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from dify_hex.adapters.dsl.domain_forms import INVALID_SELECTOR
from dify_hex.adapters.dsl.graph_wire import (
    NODE_MODELS,
    DeclarationWire,
    EdgeWire,
    GraphWire,
    NodeHead,
    NodeWire,
)
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.unread import UnreadConfig
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.node_policy import NO_POLICY
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType

MAX_BYTES = 4 << 20
MAX_DEPTH = 64

_Location = tuple[int | str, ...]
_ModelT = TypeVar("_ModelT", bound=BaseModel)

#: What it is called that a part of the document has too many entries.
_TOO_MANY = {
    "nodes": "too_many_nodes",
    "edges": "too_many_edges",
    "environment": "too_many_declarations",
    "conversation": "too_many_declarations",
}
_CODES = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "unexpected_keyword_argument": "unknown_field",
    INVALID_SELECTOR: INVALID_SELECTOR,
}
_MESSAGES = {
    "missing": "Add this field: it has no default",
    "extra_forbidden": "There is no such field; remove it or correct its name",
    "unexpected_keyword_argument": "There is no such field; remove it or correct its name",
}
#: Levels of the models that are none of the document.
_UNSEEN = frozenset({"config", "declaration"})


@dataclass(slots=True)
class GraphReading:
    """What could be read. `whole` says that every node and edge is in the graph.

    A node whose configuration could not be read is in it all the same, without one.
    """

    graph: Graph
    whole: bool = True
    faults: list[GraphFault] = field(default_factory=list)


def read_graph(text: str) -> GraphReading:
    """Read the text; whatever is wrong with its form is among the faults."""
    tree, fault = _tree_of(text)
    if fault is not None:
        return GraphReading(Graph(nodes=(), edges=()), whole=False, faults=[fault])
    return _Reader(tree).read()


class _Reader:
    def __init__(self, tree: JsonValue) -> None:
        self._tree = tree
        self._faults: list[GraphFault] = []
        self._whole = True

    def read(self) -> GraphReading:
        self._check(GraphWire, self._tree)
        graph = Graph(
            nodes=tuple(self._nodes()),
            edges=tuple(self._edges()),
            environment=tuple(self._declarations("environment")),
            conversation=tuple(self._declarations("conversation")),
        )
        return GraphReading(graph, whole=self._whole, faults=self._faults)

    def _nodes(self) -> Iterator[Node]:
        for index, entry in enumerate(self._part("nodes")):
            head = self._check(NodeHead, entry, at=("nodes", index))
            if head is None:
                self._whole = False
                continue
            yield self._node(head, entry)

    def _node(self, head: NodeHead, entry: JsonValue) -> Node:
        parent = None if head.parent is None else NodeId(head.parent)
        model = NODE_MODELS.get(head.type)
        wire: NodeWire | None = None
        if model is None:
            self._faults.append(_unknown_type(head))
        else:
            wire = self._check(model, entry, node_id=head.id)
        if wire is None:
            unread = UnreadConfig(type_name=head.type)
            return Node(id=NodeId(head.id), config=unread, parent=parent)
        return Node(
            id=NodeId(wire.id),
            config=cast("NodeConfig", getattr(wire, "config")),  # noqa: B009 - of derived models
            title=wire.title,
            parent=parent,
            policy=wire.policy or NO_POLICY,
        )

    def _edges(self) -> Iterator[Edge]:
        for index, entry in enumerate(self._part("edges")):
            wire = self._check(EdgeWire, entry, at=("edges", index))
            if wire is None:
                self._whole = False
                continue
            yield Edge(source=NodeId(wire.source), target=NodeId(wire.target), handle=wire.handle)

    def _declarations(self, place: str) -> Iterator[VariableDeclaration]:
        for index, entry in enumerate(self._part(place)):
            wire = self._check(DeclarationWire, {"declaration": entry}, at=(place, index))
            if wire is not None:
                yield wire.declaration
            elif isinstance(entry, dict) and isinstance(name := entry.get("name"), str):
                # Nodes may go on to refer to it.
                yield VariableDeclaration(name=name, type=ValueType.ANY, value="")

    def _part(self, name: str) -> Sequence[JsonValue]:
        part = self._tree.get(name, []) if isinstance(self._tree, dict) else None
        code = _TOO_MANY[name]
        if isinstance(part, list) and not any(fault.code == code for fault in self._faults):
            return part
        self._whole = False
        return ()

    def _check(
        self,
        model: type[_ModelT],
        entry: JsonValue,
        *,
        at: _Location = (),
        node_id: str | None = None,
    ) -> _ModelT | None:
        try:
            return model.model_validate_json(to_json(entry))
        except ValidationError as error:
            details = error.errors(include_input=False, include_url=False, include_context=False)
            self._faults.extend(_fault(detail, at, node_id) for detail in details)
            return None


def _tree_of(text: str) -> tuple[JsonValue, GraphFault | None]:
    if len(text.encode(errors="replace")) > MAX_BYTES:
        return None, GraphFault(
            code="document_too_large",
            message=f"The document has more than {MAX_BYTES} bytes; move a part of the graph into "
            "a workflow of its own.",
        )
    try:
        tree: JsonValue = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        if "recursion limit" not in str(error):
            return None, GraphFault(
                code="invalid_json", message=f"The document is no JSON: {error}."
            )
    else:
        if not _is_deeper(tree, MAX_DEPTH):
            return tree, None
    return None, GraphFault(
        code="document_too_deep",
        message=f"The document has more than {MAX_DEPTH} levels; make its values flatter.",
    )


def _is_deeper(tree: JsonValue, levels: int) -> bool:
    level: list[JsonValue] = [tree]
    for _ in range(levels):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def _unknown_type(head: NodeHead) -> GraphFault:
    return GraphFault(
        code="unknown_node_type",
        node_id=head.id,
        field="type",
        message=f"There is no node type {head.type}; use one of {', '.join(NODE_MODELS)}.",
    )


def _fault(detail: ErrorDetails, at: _Location, node_id: str | None) -> GraphFault:
    kind, location = detail["type"], detail["loc"]
    if location and location[0] in _UNSEEN:
        location = location[1:]
    path = (*at, *location)
    code = _CODES.get(kind, "invalid_field")
    if kind == "too_long" and path[-1] in _TOO_MANY:
        code = _TOO_MANY[str(path[-1])]
    message = _MESSAGES.get(kind, detail["msg"].replace("Input should", "The value should"))
    return GraphFault(
        code=code,
        node_id=node_id,
        field=".".join(map(str, path)) or None,
        message=f"{message.rstrip('.')}.",
    )
