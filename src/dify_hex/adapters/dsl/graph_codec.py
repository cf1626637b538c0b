"""Graphs as JSON: a discriminated schema over the domain's own dataclasses."""

import json
from functools import lru_cache
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.application.workflow.nodes.registry import NODE_TYPES
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.errors import InvalidGraph
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.validation import find_faults
from dify_hex.domain.workflow.nodes.node_config import DEFAULT_HANDLE, NodeConfig
from dify_hex.domain.workflow.nodes.node_policy import NO_POLICY, NodePolicy
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration

#: Parsed graphs kept per process; a version is parsed once, not once per run.
_CACHED = 256

_CONFIGS = {name: adapter_for(config) for name, config in NODE_TYPES.items()}
_POLICY = adapter_for(NodePolicy)
_DECLARATIONS = adapter_for(tuple[VariableDeclaration, ...])


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _NodeWire(_Wire):
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^.\s#{}]+$")]
    type: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(max_length=200)] = ""
    parent: str | None = None
    config: dict[str, Any]
    policy: dict[str, Any] | None = None


class _EdgeWire(_Wire):
    source: str
    target: str
    handle: str = DEFAULT_HANDLE


class _GraphWire(_Wire):
    schema_version: Literal[1] = 1
    nodes: tuple[_NodeWire, ...]
    edges: tuple[_EdgeWire, ...]
    environment: list[dict[str, Any]] = []
    conversation: list[dict[str, Any]] = []


class PydanticGraphCodec(GraphCodec):
    """Reads a graph as untrusted text and writes it canonically: sorted keys, no white space."""

    def __init__(self) -> None:
        self._parse = lru_cache(maxsize=_CACHED)(_parse)

    def parse(self, text: str) -> Graph:
        """The graph, with every fault reported at once when it has any."""
        return self._parse(text)

    def document(self, graph: Graph) -> GraphDocument:
        """Canonical text; equal graphs give equal text."""
        tree = {
            "schema_version": 1,
            "nodes": [_written(node) for node in graph.nodes],
            "edges": [
                {"source": edge.source, "target": edge.target, "handle": edge.handle}
                for edge in graph.edges
            ],
            "environment": _DECLARATIONS.dump_python(graph.environment, mode="json"),
            "conversation": _DECLARATIONS.dump_python(graph.conversation, mode="json"),
        }
        return GraphDocument(
            json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        )


def _parse(text: str) -> Graph:
    try:
        wire = _GraphWire.model_validate_json(text)
    except ValidationError as error:
        raise InvalidGraph(_schema_faults(error)) from None
    nodes: list[Node] = []
    faults: list[GraphFault] = []
    for entry in wire.nodes:
        try:
            nodes.append(_node(entry))
        except ValidationError as error:
            faults.extend(_schema_faults(error, node_id=entry.id))
        except KeyError:
            faults.append(
                GraphFault(
                    code="unknown_node_type",
                    node_id=entry.id,
                    field="type",
                    message=f"There is no node type {entry.type}; use one of "
                    f"{', '.join(sorted(NODE_TYPES))}.",
                )
            )
    if faults:
        raise InvalidGraph(faults)
    edges = tuple(
        Edge(source=NodeId(edge.source), target=NodeId(edge.target), handle=edge.handle)
        for edge in wire.edges
    )
    try:
        graph = Graph(
            nodes=tuple(nodes),
            edges=edges,
            environment=_declarations(wire.environment),
            conversation=_declarations(wire.conversation),
        )
    except ValidationError as error:
        raise InvalidGraph(_schema_faults(error)) from None
    if found := find_faults(graph):
        raise InvalidGraph(found)
    return graph


def _node(entry: _NodeWire) -> Node:
    config = cast("NodeConfig", _CONFIGS[entry.type].validate_python(entry.config))
    policy = NO_POLICY if entry.policy is None else _POLICY.validate_python(entry.policy)
    return Node(
        id=NodeId(entry.id),
        config=config,
        title=entry.title,
        parent=None if entry.parent is None else NodeId(entry.parent),
        policy=cast("NodePolicy", policy),
    )


def _declarations(entries: list[dict[str, Any]]) -> tuple[VariableDeclaration, ...]:
    return cast("tuple[VariableDeclaration, ...]", _DECLARATIONS.validate_python(entries))


def _written(node: Node) -> dict[str, Any]:
    written = {
        "id": node.id,
        "type": node.config.type,
        "title": node.title,
        "config": _CONFIGS[node.config.type].dump_python(node.config, mode="json"),
    }
    if node.parent is not None:
        written["parent"] = node.parent
    if node.policy != NO_POLICY:
        written["policy"] = _POLICY.dump_python(node.policy, mode="json")
    return written


def _schema_faults(error: ValidationError, node_id: str | None = None) -> list[GraphFault]:
    return [
        GraphFault(
            code="invalid_field",
            node_id=node_id,
            field=".".join(map(str, fault["loc"])),
            message=fault["msg"],
        )
        for fault in error.errors(include_input=False, include_url=False, include_context=False)
    ]
