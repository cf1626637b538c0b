"""Everything that is wrong with a graph, found at once and before anything runs."""

from collections import Counter
from collections.abc import Iterator

from dify_hex.domain.workflow.faults import GraphFault
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.traversal import find_cycle, reachable, upstream
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.variables.selector import SYSTEM, Selector
from dify_hex.domain.workflow.variables.system import SYSTEM_NAMES

MAX_NODES = 500


def find_faults(graph: Graph) -> tuple[GraphFault, ...]:
    """All faults of the graph; a graph without any can run."""
    structural = (*_ids(graph), *_edges(graph))
    if structural:
        return structural
    return (*_size(graph), *_starts(graph), *_answers(graph), *_cycles(graph), *_selectors(graph))


def _ids(graph: Graph) -> Iterator[GraphFault]:
    for node_id, count in Counter(node.id for node in graph.nodes).items():
        if count > 1:
            yield GraphFault(
                code="duplicate_node",
                node_id=node_id,
                message=f"{count} nodes have the id {node_id}; give each its own.",
            )


def _edges(graph: Graph) -> Iterator[GraphFault]:
    for edge in graph.edges:
        for end in (edge.source, edge.target):
            if not graph.has(end):
                yield GraphFault(
                    code="dangling_edge",
                    node_id=end,
                    message=f"The edge {edge.source} → {edge.target} names {end}, which is no "
                    "node; remove the edge or add the node.",
                )


def _size(graph: Graph) -> Iterator[GraphFault]:
    if len(graph.nodes) > MAX_NODES:
        yield GraphFault(
            code="too_many_nodes",
            message=f"{len(graph.nodes)} nodes are more than {MAX_NODES}; move a part of the "
            "graph into a workflow of its own.",
        )


def _starts(graph: Graph) -> Iterator[GraphFault]:
    starts = [node for node in graph.nodes if isinstance(node.config, StartConfig)]
    if len(starts) != 1:
        yield GraphFault(
            code="start_missing" if not starts else "start_ambiguous",
            message=f"The graph has {len(starts)} start nodes; it needs exactly one.",
        )
        return
    found = reachable(graph, starts[0].id)
    for node in graph.nodes:
        if node.id not in found:
            yield GraphFault(
                code="unreachable_node",
                node_id=node.id,
                message=f"No path leads from the start to {node.id}; connect it or remove it.",
            )


def _answers(graph: Graph) -> Iterator[GraphFault]:
    if not any(isinstance(node.config, AnswerConfig) for node in graph.nodes):
        yield GraphFault(
            code="answer_missing",
            message="The graph answers nothing; add an answer node.",
        )


def _cycles(graph: Graph) -> Iterator[GraphFault]:
    if cycle := find_cycle(graph):
        yield GraphFault(
            code="cycle",
            node_id=cycle[0],
            message=f"The path {' → '.join(cycle)} never ends; remove one of its edges.",
        )


def _selectors(graph: Graph) -> Iterator[GraphFault]:
    for node in graph.nodes:
        for reference in node.config.references():
            selector = reference.selector
            problem = _problem_with(graph, node, selector)
            if problem is not None:
                yield GraphFault(
                    code="unknown_variable",
                    node_id=node.id,
                    field=reference.field,
                    message=f"{node.id} refers to {selector}, {problem}",
                )


def _problem_with(graph: Graph, node: Node, selector: Selector) -> str | None:
    if selector.node_id == SYSTEM:
        known = selector.name in SYSTEM_NAMES
        return None if known else f"but the system knows only {', '.join(sorted(SYSTEM_NAMES))}."
    if not graph.has(selector.node_id):
        return f"but there is no node {selector.node_id}; correct the name."
    if selector.node_id not in upstream(graph, node.id):
        return f"but {selector.node_id} does not run before it; connect the two."
    outputs = graph.node(selector.node_id).config.outputs()
    if selector.name not in outputs:
        return f"but {selector.node_id} puts out only {', '.join(sorted(outputs)) or 'nothing'}."
    return None
