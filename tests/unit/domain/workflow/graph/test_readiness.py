"""A node runs when all its incoming edges are decided and one was taken."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.readiness import (
    EdgeState,
    edge_state,
    is_certain,
    ready_nodes,
    skippable_nodes,
)
from dify_hex.domain.workflow.node_run import NodeRun
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.statuses import NodeStatus
from tests.builders.workflow import chat_graph, edge, graph, node

#: a leaves by "yes" or "no"; b and c join in d.
BRANCHING: Graph = graph(
    [node(name, AnswerConfig(answer="")) for name in "abcd"],
    edge("a", "b", "yes"),
    edge("a", "c", "no"),
    edge("b", "d"),
    edge("c", "d"),
)


def done(handle: str = "source") -> NodeRun:
    return NodeRun(status=NodeStatus.SUCCEEDED, handle=handle)


def states(**nodes: NodeRun) -> dict[NodeId, NodeRun]:
    return {NodeId(name): state for name, state in nodes.items()}


SKIPPED = NodeRun(status=NodeStatus.SKIPPED)
RUNNING = NodeRun(status=NodeStatus.RUNNING)


def test_only_nodes_without_incoming_edges_are_ready_at_first() -> None:
    assert ready_nodes(BRANCHING, {}) == ("a",)
    assert skippable_nodes(BRANCHING, {}) == ()


def test_a_branch_makes_its_side_ready_and_the_other_skippable() -> None:
    after = states(a=done("yes"))

    assert ready_nodes(BRANCHING, after) == ("b",)
    assert skippable_nodes(BRANCHING, after) == ("c",)


def test_a_join_waits_for_every_edge_and_runs_if_one_was_taken() -> None:
    assert "d" not in ready_nodes(BRANCHING, states(a=done("yes"), c=SKIPPED, b=RUNNING))
    assert ready_nodes(BRANCHING, states(a=done("yes"), c=SKIPPED, b=done())) == ("d",)


def test_a_join_behind_skipped_nodes_only_is_skippable() -> None:
    assert skippable_nodes(BRANCHING, states(a=done("maybe"), b=SKIPPED, c=SKIPPED)) == ("d",)


def test_an_edge_is_undecided_until_its_source_has_ended() -> None:
    first = BRANCHING.edges[0]

    assert edge_state(first, {}) is EdgeState.UNDECIDED
    assert edge_state(first, states(a=RUNNING)) is EdgeState.UNDECIDED
    assert edge_state(first, states(a=SKIPPED)) is EdgeState.SKIPPED


def test_a_node_is_certain_when_no_branch_before_it_is_open() -> None:
    chat = chat_graph()

    assert is_certain(chat, NodeId("answer"), {})
    assert is_certain(chat, NodeId("answer"), states(start=done(), llm=RUNNING))


def test_a_node_behind_an_open_branch_is_not_certain() -> None:
    assert not is_certain(BRANCHING, NodeId("b"), {})
    assert not is_certain(BRANCHING, NodeId("d"), {})
    assert is_certain(BRANCHING, NodeId("b"), states(a=done("yes")))
    assert is_certain(BRANCHING, NodeId("d"), states(a=done("yes"), c=SKIPPED))


def test_a_skipped_node_is_not_certain_and_a_begun_one_is() -> None:
    assert not is_certain(BRANCHING, NodeId("c"), states(a=done("yes"), c=SKIPPED))
    assert is_certain(BRANCHING, NodeId("b"), states(a=done("yes"), b=RUNNING))
