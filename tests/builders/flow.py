"""Drawn graphs for use cases of apps."""

import json
from itertools import pairwise
from typing import Any

from dify_hex.domain.app.flow_configuration import ChatflowConfiguration, WorkflowConfiguration
from dify_hex.domain.app.limits import FlowLimits
from dify_hex.domain.shared.values.graph_document import GraphDocument

Json = dict[str, Any]

START: Json = {"id": "start", "type": "start", "config": {}}
END: Json = {"id": "end", "type": "end", "config": {}}


def taking(*variables: Json) -> Json:
    """A start that declares inputs."""
    return {**START, "config": {"variables": list(variables)}}


def drawn(*nodes: Json, **more: Any) -> GraphDocument:
    """The nodes as a chain."""
    edges = [{"source": one["id"], "target": other["id"]} for one, other in pairwise(nodes)]
    return GraphDocument(json.dumps({"nodes": list(nodes), "edges": edges, **more}))


def workflow(*nodes: Json, limits: FlowLimits | None = None, **more: Any) -> WorkflowConfiguration:
    """A workflow; without nodes one that can be published."""
    graph = drawn(*(nodes or (START, END)), **more)
    return WorkflowConfiguration(graph=graph, limits=limits or FlowLimits())


def chatflow(answer: str = "Hello", **more: Any) -> ChatflowConfiguration:
    """A chatflow that says the same to everybody."""
    node = {"id": "answer", "type": "answer", "config": {"answer": answer}}
    return ChatflowConfiguration(graph=drawn(START, node, **more))
