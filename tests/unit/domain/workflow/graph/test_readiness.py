"""Which nodes will run for sure, as far as that is known."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.readiness import (
    EdgeState,
    edge_state,
    is_certain,
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


def test_a_failure_that_was_provided_for_leaves_by_its_handle() -> None:
    failed = NodeRun(status=NodeStatus.FAILED, handled=True, handle="no")

    assert edge_state(BRANCHING.edges[0], states(a=failed)) is EdgeState.SKIPPED
    assert edge_state(BRANCHING.edges[1], states(a=failed)) is EdgeState.TAKEN
    assert edge_state(BRANCHING.edges[1], states(a=NodeRun(status=NodeStatus.FAILED))) is (
        EdgeState.UNDECIDED
    )
