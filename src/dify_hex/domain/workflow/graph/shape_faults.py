"""What can be wrong with a graph's nodes and edges, whatever the nodes do."""

from collections import Counter
from collections.abc import Iterator

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.graph.traversal import find_cycles, reachable
from dify_hex.domain.workflow.graph.unread import is_read, type_of
from dify_hex.domain.workflow.node_policy import FAIL_BRANCH, ErrorStrategy
from dify_hex.domain.workflow.variables.selector import CONVERSATION, ENVIRONMENT, SYSTEM

MAX_NODES = 500
MAX_EDGES = 5_000

_START, _END, _ANSWER = "start", "end", "answer"
_RESERVED = frozenset({SYSTEM, ENVIRONMENT, CONVERSATION})


def size_faults(graph: Graph) -> Iterator[GraphFault]:
    """More nodes or edges than are looked at."""
    if len(graph.nodes) > MAX_NODES:
        yield GraphFault(
            code="too_many_nodes",
            field="nodes",
            message=f"{len(graph.nodes)} nodes are more than {MAX_NODES}; move a part of the "
            "graph into a workflow of its own.",
        )
    if len(graph.edges) > MAX_EDGES:
        yield GraphFault(
            code="too_many_edges",
            field="edges",
            message=f"{len(graph.edges)} edges are more than {MAX_EDGES}; move a part of the "
            "graph into a workflow of its own.",
        )


def id_faults(graph: Graph) -> Iterator[GraphFault]:
    """Ids that two nodes share, or that mean something else."""
    for node_id, count in Counter(node.id for node in graph.nodes).items():
        if count > 1:
            yield GraphFault(
                code="duplicate_node",
                node_id=node_id,
                field="id",
                message=f"{count} nodes have the id {node_id}; give each its own.",
            )
        if node_id in _RESERVED:
            yield GraphFault(
                code="reserved_id",
                node_id=node_id,
                field="id",
                message=f"Selectors that begin with {node_id} do not mean a node; give the node "
                "another id.",
            )


def edge_faults(graph: Graph) -> Iterator[GraphFault]:
    """Edges that begin or end nowhere, or that are there twice."""
    seen: set[Edge] = set()
    for index, edge in enumerate(graph.edges):
        field = f"edges.{index}"
        for end in (edge.source, edge.target):
            if not graph.has(end):
                yield GraphFault(
                    code="dangling_edge",
                    node_id=end,
                    field=field,
                    message=f"The edge {edge.source} → {edge.target} names {end}, which is no "
                    "node; remove the edge or add the node.",
                )
        if edge in seen:
            yield GraphFault(
                code="duplicate_edge",
                node_id=edge.source,
                field=field,
                message=f"The edge {edge.source} → {edge.target} by {edge.handle} is there "
                "already; remove one of them.",
            )
        seen.add(edge)
        if graph.has(edge.source) and is_read(graph.node(edge.source)):
            yield from _handle_faults(graph.node(edge.source), edge, field)


def ending_faults(graph: Graph, kind: GraphKind | None) -> Iterator[GraphFault]:
    """A graph whose work leads to nothing; of no known kind, it may end in either way."""
    types = {type_of(node) for node in graph.nodes}
    if kind is GraphKind.WORKFLOW and _END not in types:
        yield GraphFault(
            code="end_missing",
            message="The workflow hands nothing back; add an end node.",
        )
    if (kind is GraphKind.CHATFLOW and _ANSWER not in types) or (
        kind is None and types.isdisjoint({_ANSWER, _END})
    ):
        yield GraphFault(
            code="answer_missing",
            message="The graph answers nothing; add an answer node.",
        )


def start_faults(graph: Graph) -> Iterator[GraphFault]:
    """No clear place to begin, and nodes that no path leads to from there."""
    starts = [node for node in graph.nodes if node.parent is None and type_of(node) == _START]
    if len(starts) != 1:
        yield GraphFault(
            code="start_missing" if not starts else "start_ambiguous",
            message=f"The graph has {len(starts)} start nodes; it needs exactly one.",
        )
    if starts:
        found: set[NodeId] = set().union(*(reachable(graph, start.id) for start in starts))
        for node in graph.nodes:
            if node.parent is None and node.id not in found:
                yield GraphFault(
                    code="unreachable_node",
                    node_id=node.id,
                    message=f"No path leads from the start to {node.id}; connect it or remove it.",
                )


def cycle_faults(graph: Graph) -> Iterator[GraphFault]:
    """Paths that never end."""
    for cycle in find_cycles(graph):
        yield GraphFault(
            code="cycle",
            node_id=cycle[0],
            message=f"The path {' → '.join(cycle)} never ends; remove one of its edges, or "
            "repeat nodes by a loop.",
        )


def _handle_faults(source: Node, edge: Edge, field: str) -> Iterator[GraphFault]:
    by_failure = source.policy.on_error is ErrorStrategy.FAIL_BRANCH
    handles = source.config.handles()
    if edge.handle in handles or (by_failure and edge.handle == FAIL_BRANCH):
        return
    if edge.handle == FAIL_BRANCH:
        yield GraphFault(
            code="fail_branch_unexpected",
            node_id=source.id,
            field=field,
            message=f"Nothing leaves {source.id} by {FAIL_BRANCH}; set its policy's on_error to "
            f"{FAIL_BRANCH}, or remove the edge to {edge.target}.",
        )
        return
    known = _advice(tuple(dict.fromkeys(filter(None, handles))))
    yield GraphFault(
        code="dangling_handle",
        node_id=source.id,
        field=field,
        message=f"{source.id} has no handle {edge.handle}, by which the edge to {edge.target} "
        f"leaves it; {known}.",
    )


def _advice(handles: tuple[str, ...]) -> str:
    if not handles:
        return "nothing may follow it"
    return f"use {handles[0]}" if len(handles) == 1 else f"use one of {', '.join(handles)}"
