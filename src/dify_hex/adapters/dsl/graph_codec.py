"""Graphs as JSON: strict models over the domain's own dataclasses."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from dify_hex.adapters.dsl.domain_forms import adapter_for
from dify_hex.adapters.dsl.graph_reader import GraphReading, read_graph
from dify_hex.adapters.dsl.graph_schema import graph_schema
from dify_hex.adapters.dsl.language_faults import LanguageFaults
from dify_hex.adapters.dsl.templates import JinjaTemplates
from dify_hex.application.shared.json_schemas import SchemaValidator
from dify_hex.application.workflow.nodes.registry import MISSING, NODE_TYPES
from dify_hex.application.workflow.ports import GraphCodec
from dify_hex.application.workflow.records import DrawnGraph
from dify_hex.domain.shared.values.graph_document import GraphDocument
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.workflow.errors import InvalidGraph
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.graph.unread import type_of
from dify_hex.domain.workflow.graph.validation import MAX_FAULTS, find_faults, find_faults_apart
from dify_hex.domain.workflow.node_policy import NO_POLICY, NodePolicy
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration

#: Parsed graphs kept per process; a version is parsed once, not once per run.
_CACHED = 256

_CONFIGS = {name: adapter_for(config) for name, config in NODE_TYPES.items()}
_POLICY = adapter_for(NodePolicy)
_DECLARATIONS = adapter_for(tuple[VariableDeclaration, ...])


class PydanticGraphCodec(GraphCodec):
    """Reads a graph as untrusted text and writes it canonically: sorted keys, no white space.

    `missing` says of node types by name what is lacking for them.
    """

    def __init__(
        self, missing: Mapping[str, str] = MISSING, schemas: SchemaValidator | None = None
    ) -> None:
        self._missing = missing
        self._languages = LanguageFaults(JinjaTemplates(), schemas)
        self._parse = lru_cache(maxsize=_CACHED)(self._parse_once)

    def parse(self, text: str) -> Graph:
        """The graph, with every fault reported at once when it has any."""
        return self._parse(text)

    def read(self, text: str, kind: GraphKind | None = None) -> DrawnGraph:
        """With the faults of the form and of the meaning, and the nodes that cannot be had yet."""
        reading = read_graph(text)
        found = (*self._unavailable(reading.graph), *self._faults_of(reading, kind))
        return DrawnGraph(reading.graph, tuple(dict.fromkeys(found))[:MAX_FAULTS])

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

    def schema(self) -> JsonObject:
        """The schema, made once per process."""
        return graph_schema()

    def _parse_once(self, text: str) -> Graph:
        reading = read_graph(text)
        if found := self._faults_of(reading, kind=None):
            raise InvalidGraph(found[:MAX_FAULTS])
        return reading.graph

    def _faults_of(self, reading: GraphReading, kind: GraphKind | None) -> tuple[GraphFault, ...]:
        graph = reading.graph
        found = find_faults(graph, kind) if reading.whole else find_faults_apart(graph)
        return (*reading.faults, *found, *self._languages.faults(graph))

    def _unavailable(self, graph: Graph) -> Iterable[GraphFault]:
        for node in graph.nodes:
            if lacking := self._missing.get(type_of(node)):
                yield GraphFault(
                    code="node_type_unavailable", node_id=node.id, field="type", message=lacking
                )


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
