"""Faults of nodes inside iterations and loops."""

import pytest

from dify_hex.domain.workflow.graph.container_faults import MAX_NESTING
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.nodes.end import EndConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig
from dify_hex.domain.workflow.nodes.loop_end import LoopEndConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from tests.builders.graphs import (
    ANSWER,
    CHILD,
    MAKER,
    START,
    FaultyGraph,
    assert_faulty,
    chain,
    graph,
    iteration,
    nested,
    step,
    task,
)

FAULTY: list[FaultyGraph] = [
    ("parent_missing", "child", "parent", chain(task("child", parent="ghost"))),
    ("parent_no_container", "child", "parent", chain(MAKER, task("child", parent="maker"))),
    ("container_empty", "each", None, chain(MAKER, iteration(output="maker.text"))),
    (
        "container_leak",
        "child",
        "edges.4",
        graph(
            START,
            MAKER,
            iteration(),
            CHILD,
            ANSWER,
            edges=[
                "start > maker",
                "maker > each",
                "each > answer",
                "start > answer",
                "child > answer",
            ],
        ),
    ),
    (
        "container_leak",
        "start",
        "edges.3",
        graph(
            START,
            MAKER,
            iteration(),
            CHILD,
            ANSWER,
            edges=["start > maker", "maker > each", "each > answer", "start > child"],
        ),
    ),
    (
        "nesting_cycle",
        "a",
        "parent",
        chain(step("a", LoopConfig(loop_count=1), "b"), step("b", LoopConfig(loop_count=1), "a")),
    ),
    ("nesting_too_deep", "core", "parent", nested(MAX_NESTING + 1)),
    (
        "misplaced_node",
        "inner",
        "parent",
        chain(MAKER, iteration(), CHILD, step("inner", StartConfig(), "each")),
    ),
    (
        "misplaced_node",
        "inner",
        "parent",
        chain(MAKER, iteration(), CHILD, step("inner", EndConfig(), "each")),
    ),
    ("loop_end_outside", "stop", "parent", chain(step("stop", LoopEndConfig()))),
    (
        "loop_end_outside",
        "stop",
        "parent",
        chain(MAKER, iteration(), CHILD, step("stop", LoopEndConfig(), "each")),
    ),
]


@pytest.mark.parametrize(("code", "node_id", "field", "faulty"), FAULTY)
def test_each_fault_is_found_where_it_is(
    code: str, node_id: str | None, field: str | None, faulty: Graph
) -> None:
    assert_faulty(faulty, code, node_id, field)
