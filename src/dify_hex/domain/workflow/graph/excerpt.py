"""A part of a graph that can run alone: one node, with everything inside of it."""

from collections.abc import Iterator
from dataclasses import replace

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.traversal import enclosing
from dify_hex.domain.workflow.variables.reference import Reference


def excerpt_of(graph: Graph, node_id: NodeId) -> Graph:
    """The node as if it stood in no container, its children, and the edges between these."""
    inside = {
        node.id
        for node in graph.nodes
        if node.id != node_id and node_id in enclosing(graph, node.id)
    }
    return Graph(
        nodes=tuple(
            replace(node, parent=None) if node.id == node_id else node
            for node in graph.nodes
            if node.id == node_id or node.id in inside
        ),
        edges=tuple(edge for edge in graph.edges if {edge.source, edge.target} <= inside),
        environment=graph.environment,
        conversation=graph.conversation,
    )


def needs_of(excerpt: Graph) -> Iterator[Reference]:
    """The values that its nodes use and none of them puts out, and the variables they change."""
    for node in excerpt.nodes:
        for reference in _all_references(node):
            if not excerpt.has(reference.selector.node_id):
                yield reference


def _all_references(node: Node) -> Iterator[Reference]:
    yield from node.config.references()
    yield from node.config.inner_references()
    yield from node.config.assigns()
