"""Everything that is wrong with a graph, found at once and before anything runs."""

from collections.abc import Iterator
from itertools import islice

from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.container_faults import container_faults
from dify_hex.domain.workflow.graph.declaration_faults import declaration_faults
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.graph.policy_faults import fail_branch_faults, policy_faults
from dify_hex.domain.workflow.graph.selector_faults import selector_faults
from dify_hex.domain.workflow.graph.shape_faults import (
    cycle_faults,
    edge_faults,
    ending_faults,
    id_faults,
    size_faults,
    start_faults,
)
from dify_hex.domain.workflow.graph.unread import is_read

#: More are not told at once: who has put these right will ask again.
MAX_FAULTS = 1_000


def find_faults(graph: Graph, kind: GraphKind | None = None) -> tuple[GraphFault, ...]:
    """All faults of the graph; a graph without any can run.

    Of no `kind`, a graph may end in an answer or hand values back. A graph that is too large is
    not looked at any further.
    """
    if too_large := tuple(size_faults(graph)):
        return too_large
    return _first(_all_faults(graph, kind))


def find_faults_apart(graph: Graph) -> tuple[GraphFault, ...]:
    """The faults of each node and each declaration by itself, as if there were no edges."""
    return tuple(size_faults(graph)) or _first(_faults_apart(graph))


def _all_faults(graph: Graph, kind: GraphKind | None) -> Iterator[GraphFault]:
    yield from edge_faults(graph)
    yield from start_faults(graph)
    yield from ending_faults(graph, kind)
    yield from container_faults(graph)
    yield from cycle_faults(graph)
    yield from fail_branch_faults(graph)
    yield from selector_faults(graph)
    yield from _faults_apart(graph)


def _faults_apart(graph: Graph) -> Iterator[GraphFault]:
    yield from id_faults(graph)
    for node in graph.nodes:
        for fault in node.config.faults():
            yield GraphFault(
                code=fault.code, node_id=node.id, field=fault.field, message=fault.message
            )
        if is_read(node):
            yield from policy_faults(node)
    yield from declaration_faults(graph)


def _first(faults: Iterator[GraphFault]) -> tuple[GraphFault, ...]:
    return tuple(dict.fromkeys(islice(faults, MAX_FAULTS)))
