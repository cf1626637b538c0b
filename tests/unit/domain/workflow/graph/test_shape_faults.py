"""Faults of nodes and edges, whatever the nodes do."""

import pytest

from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.shape_faults import MAX_EDGES, MAX_NODES
from dify_hex.domain.workflow.graph.validation import find_faults
from dify_hex.domain.workflow.node_policy import (
    FAIL_BRANCH,
    NO_POLICY,
)
from dify_hex.domain.workflow.nodes.start import StartConfig
from tests.builders.graphs import (
    ANSWER,
    START,
    FaultyGraph,
    Task,
    assert_faulty,
    chain,
    graph,
    step,
    task,
    with_policy,
)

FAULTY: list[FaultyGraph] = [
    (
        "duplicate_node",
        "twin",
        "id",
        graph(START, task("twin"), task("twin"), ANSWER, edges=["start > twin", "twin > answer"]),
    ),
    ("reserved_id", "env", "id", chain(task("env"))),
    (
        "dangling_edge",
        "ghost",
        "edges.1",
        graph(START, ANSWER, edges=["start > answer", "ghost > answer"]),
    ),
    (
        "dangling_edge",
        "ghost",
        "edges.1",
        graph(START, ANSWER, edges=["start > answer", "start > ghost"]),
    ),
    ("duplicate_edge", "start", "edges.1", graph(START, ANSWER, edges=["start > answer"] * 2)),
    (
        "dangling_handle",
        "start",
        "edges.1",
        graph(START, ANSWER, edges=["start > answer", "start.no > answer"]),
    ),
    (
        "dangling_handle",
        "last",
        "edges.2",
        graph(
            START,
            step("last", Task(exits=())),
            ANSWER,
            edges=["start > answer", "start > last", "last > answer"],
        ),
    ),
    (
        "fail_branch_unexpected",
        "risky",
        "edges.2",
        with_policy(NO_POLICY, f"risky.{FAIL_BRANCH} > answer"),
    ),
    ("start_missing", None, None, graph(ANSWER)),
    (
        "start_ambiguous",
        None,
        None,
        graph(START, step("start2", StartConfig()), ANSWER, edges=["start > answer"]),
    ),
    ("answer_missing", None, None, graph(START)),
    ("unreachable_node", "answer", None, graph(START, ANSWER)),
    (
        "cycle",
        "b",
        None,
        graph(
            START, task("a"), task("b"), ANSWER, edges=["start > a", "a > b", "b > a", "a > answer"]
        ),
    ),
    ("too_many_nodes", None, "nodes", chain(*(task(f"n{i}") for i in range(MAX_NODES)))),
    (
        "too_many_edges",
        None,
        "edges",
        graph(START, ANSWER, edges=["start > answer"] * (MAX_EDGES + 1)),
    ),
]


@pytest.mark.parametrize(("code", "node_id", "field", "faulty"), FAULTY)
def test_each_fault_is_found_where_it_is(
    code: str, node_id: str | None, field: str | None, faulty: Graph
) -> None:
    assert_faulty(faulty, code, node_id, field)


@pytest.mark.parametrize(
    ("exits", "advice"),
    [
        ((), "nothing may follow it."),
        (("yes", "yes"), "use yes."),
        (("yes", "", "no"), "use one of yes, no."),
    ],
)
def test_the_handles_that_there_are_are_each_named_once(
    exits: tuple[str, ...], advice: str
) -> None:
    faulty = graph(
        START, step("last", Task(exits=exits)), ANSWER, edges=["start > last", "last.on > answer"]
    )

    (fault,) = find_faults(faulty)

    assert fault.message.endswith(advice)
