"""Finished runs of random graphs, in which pure nodes end as soon as they begin."""

import random
from dataclasses import replace
from typing import cast

from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.run import WorkflowRun
from dify_hex.domain.workflow.run_events import RunEvent, RunStarted
from dify_hex.domain.workflow.variables.selector import CONVERSATION, Selector
from tests.builders.graphs import selector
from tests.builders.workflow import NOW, edge, facts, new_run, node
from tests.builders.workflow import graph as graph_of
from tests.reference.probe import ProbeConfig, PureProbe
from tests.reference.random_graphs import ITEMS, graphs

KEPT_ITEMS = Selector(CONVERSATION, "items")


@st.composite
def whole_graphs(draw: st.DrawFn) -> Graph:
    """Random graphs that find their lists among the conversation's variables; some probes are
    pure.
    """
    drawn = draw(graphs())
    pure = draw(st.randoms(use_true_random=False))
    nodes = tuple(_placed(node, is_pure=pure.random() < 0.5) for node in drawn.nodes)
    return Graph(nodes=nodes, edges=drawn.edges)


def _placed(node: Node, *, is_pure: bool) -> Node:
    config = node.config
    if isinstance(config, IterationConfig) and config.iterator_selector == ITEMS:
        return replace(node, config=replace(config, iterator_selector=KEPT_ITEMS))
    if isinstance(config, ProbeConfig) and is_pure:
        return replace(node, config=PureProbe.like(config))
    return node


def begin_with(items: list[int]) -> RunStarted:
    """What a run of such a graph begins with."""
    given = cast("list[None]", items)
    return replace(facts(message=False), conversation={"items": given})


def compute(run: WorkflowRun, address: NodeAddress) -> NodeOutcome | RunError:
    """What a probe comes to."""
    config = run.node_at(address).config
    if isinstance(config, LoopEndConfig):
        return NodeOutcome(outputs={})
    return cast("ProbeConfig", config).react(run.variables_of(address))


def finish(run: WorkflowRun, events: list[RunEvent], chance: random.Random) -> list[RunEvent]:
    """Drive a run to its end in random order; returns its journal."""
    while run.failure is None and _decide(run, events, chance):
        pass
    if run.failure is not None:
        events += run.fail(run.failure, answer="", now=NOW)
    else:
        events += run.succeed(answer="", now=NOW)
    return events


def finished(
    graph: Graph, items: list[int], chance: random.Random
) -> tuple[WorkflowRun, list[RunEvent]]:
    """A run of the graph and its journal."""
    run = new_run(graph)
    begun = replace(begin_with(items), run_id=run.run_id)
    return run, finish(run, list(run.start(begun)), chance)


def _decide(run: WorkflowRun, events: list[RunEvent], chance: random.Random) -> bool:
    ready, open_nodes = run.ready(), run.open_nodes()
    if ready and (not open_nodes or chance.random() < 0.6):
        address = chance.choice(ready)
        events += run.start_node(address, now=NOW)
        config = run.node_at(address).config if run.is_open(address) else None
        if config is not None and config.is_pure and not config.opens_scope:
            _settle(run, events, address)
        return True
    if not open_nodes:
        return False
    _settle(run, events, chance.choice(open_nodes))
    return True


def _settle(run: WorkflowRun, events: list[RunEvent], address: NodeAddress) -> None:
    result = compute(run, address)
    if isinstance(result, RunError):
        events += run.fail_node(address, result, now=NOW)
    else:
        events += run.succeed_node(address, result, now=NOW)


def iterating_graph() -> Graph:
    """Before → each (inner → last) → after."""
    inner = replace(node("inner", ProbeConfig(weight=4)), parent=NodeId("each"))
    last = replace(node("last", ProbeConfig()), parent=NodeId("each"))
    each = IterationConfig(
        iterator_selector=selector("conversation.items"),
        output_selector=selector("inner.value"),
        flatten_output=False,
    )
    return graph_of(
        [
            node("before", ProbeConfig()),
            node("each", each),
            inner,
            last,
            node("after", ProbeConfig()),
        ],
        edge("before", "each"),
        edge("inner", "last"),
        edge("each", "after"),
    )
