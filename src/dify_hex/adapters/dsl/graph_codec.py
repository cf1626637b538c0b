"""Graphs as JSON: a discriminated schema over the domain's own dataclasses."""

import json
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.workflow.errors import InvalidGraph
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import DEFAULT_HANDLE, Edge, Graph, Node
from dify_hex.domain.workflow.graph.validation import find_faults
from dify_hex.domain.workflow.nodes.node_types import NODE_TYPES, NodeConfig

#: Parsed graphs kept per process; a version is parsed once, not once per run.
_CACHED = 256

_CONFIGS: dict[str, TypeAdapter[NodeConfig]] = {
    name: TypeAdapter(config) for name, config in NODE_TYPES.items()
}


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _NodeWire(_Wire):
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^.\s#{}]+$")]
    type: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(max_length=200)] = ""
    config: dict[str, Any]


class _EdgeWire(_Wire):
    source: str
    target: str
    handle: str = DEFAULT_HANDLE


class _GraphWire(_Wire):
    schema_version: Literal[1] = 1
    nodes: tuple[_NodeWire, ...]
    edges: tuple[_EdgeWire, ...]


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
            "nodes": [
                {
                    "id": node.id,
                    "type": node.config.type,
                    "title": node.title,
                    "config": _CONFIGS[node.config.type].dump_python(node.config, mode="json"),
                }
                for node in graph.nodes
            ],
            "edges": [
                {"source": edge.source, "target": edge.target, "handle": edge.handle}
                for edge in graph.edges
            ],
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
    graph = Graph(nodes=tuple(nodes), edges=edges)
    if found := find_faults(graph):
        raise InvalidGraph(found)
    return graph


def _node(entry: _NodeWire) -> Node:
    config = _CONFIGS[entry.type].validate_python(entry.config)
    return Node(id=NodeId(entry.id), config=config, title=entry.title)


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
