"""What can be wrong with the nodes inside iterations and loops."""

from collections.abc import Iterator

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.traversal import enclosing
from dify_hex.domain.workflow.graph.unread import is_read, type_of

MAX_NESTING = 10

#: These frame a whole graph, so that they have no place among the children of a container.
_OUTERMOST = frozenset({"start", "end"})
_LOOP, _LOOP_END = "loop", "loop-end"


def container_faults(graph: Graph) -> Iterator[GraphFault]:
    """Everything about who is inside whom."""
    for node in graph.nodes:
        yield from _parent_faults(graph, node)
        yield from _nesting_faults(graph, node)
        yield from _place_faults(graph, node)
        if is_read(node) and node.config.opens_scope and not graph.scope(node.id).nodes:
            yield GraphFault(
                code="container_empty",
                node_id=node.id,
                message=f"There is nothing inside {node.id} to repeat; add a node whose parent "
                "it is, or remove it.",
            )
    yield from _leaks(graph)


def _parent_faults(graph: Graph, node: Node) -> Iterator[GraphFault]:
    if node.parent is None:
        return
    if not graph.has(node.parent):
        yield GraphFault(
            code="parent_missing",
            node_id=node.id,
            field="parent",
            message=f"{node.id} is inside {node.parent}, which is no node; correct its parent.",
        )
    elif not graph.node(node.parent).config.opens_scope:
        yield GraphFault(
            code="parent_no_container",
            node_id=node.id,
            field="parent",
            message=f"{node.id} is inside {node.parent}, which repeats nothing; put it into an "
            "iteration or a loop, or leave its parent out.",
        )


def _nesting_faults(graph: Graph, node: Node) -> Iterator[GraphFault]:
    around = enclosing(graph, node.id)
    if node.id in around:
        if node.id == min(around):
            path = " → ".join((node.id, *around))
            yield GraphFault(
                code="nesting_cycle",
                node_id=node.id,
                field="parent",
                message=f"Each of {path} is inside the next; give one of them another parent.",
            )
    elif len(around) == MAX_NESTING + 1:
        yield GraphFault(
            code="nesting_too_deep",
            node_id=node.id,
            field="parent",
            message=f"{node.id} is inside more than {MAX_NESTING} containers; move some of them "
            "into a workflow of its own.",
        )


def _place_faults(graph: Graph, node: Node) -> Iterator[GraphFault]:
    kind = type_of(node)
    if kind in _OUTERMOST and node.parent is not None:
        yield GraphFault(
            code="misplaced_node",
            node_id=node.id,
            field="parent",
            message=f"The {kind} node {node.id} cannot be repeated; take it out of {node.parent}.",
        )
    if kind == _LOOP_END and not _is_loop(graph, node.parent):
        yield GraphFault(
            code="loop_end_outside",
            node_id=node.id,
            field="parent",
            message=f"There is no loop that {node.id} could end; put it directly into one.",
        )


def _is_loop(graph: Graph, parent: NodeId | None) -> bool:
    return parent is not None and graph.has(parent) and type_of(graph.node(parent)) == _LOOP


def _leaks(graph: Graph) -> Iterator[GraphFault]:
    for index, edge in enumerate(graph.edges):
        if not (graph.has(edge.source) and graph.has(edge.target)):
            continue
        source, target = graph.node(edge.source), graph.node(edge.target)
        if source.parent != target.parent:
            yield GraphFault(
                code="container_leak",
                node_id=source.id,
                field=f"edges.{index}",
                message=f"The edge {source.id} → {target.id} leads {_from(source)} {_to(target)}; "
                "connect the container itself.",
            )


def _from(node: Node) -> str:
    return "from the outside" if node.parent is None else f"from inside {node.parent}"


def _to(node: Node) -> str:
    return "to the outside" if node.parent is None else f"to the inside of {node.parent}"
