"""Order, cycles and what lies upstream."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.traversal import (
    find_cycle,
    reachable,
    topological_order,
    upstream,
)
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from tests.builders.workflow import chat_graph, edge, graph, node


def plain(edges: list[tuple[str, str]], names: str = "abcde") -> Graph:
    return graph(
        [node(name, AnswerConfig(answer="")) for name in names],
        *(edge(source, target) for source, target in edges),
    )


def test_every_node_comes_after_those_that_lead_to_it() -> None:
    assert topological_order(plain([("c", "a"), ("a", "b")])) == ("c", "d", "e", "a", "b")


def test_a_cycle_is_shown_as_a_path_that_ends_where_it_begins() -> None:
    cyclic = plain([("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e")])

    assert find_cycle(cyclic) in (
        ("b", "c", "d", "b"),
        ("c", "d", "b", "c"),
        ("d", "b", "c", "d"),
    )


def test_a_dangling_edge_neither_blocks_nor_breaks_a_walk() -> None:
    dangling = plain([("ghost", "a"), ("a", "b"), ("b", "phantom")], names="ab")

    assert topological_order(dangling) == ("a", "b")
    assert find_cycle(dangling) == ()
    assert upstream(dangling, NodeId("b")) == {"a"}
    assert reachable(dangling, NodeId("a")) == {"a", "b"}


def test_upstream_and_reachable_mirror_each_other() -> None:
    chat = chat_graph()

    assert upstream(chat, NodeId("answer")) == {"start", "llm"}
    assert reachable(chat, NodeId("start")) == {"start", "llm", "answer"}


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=12))
def test_a_graph_is_either_ordered_whole_or_has_a_real_cycle(
    edges: list[tuple[str, str]],
) -> None:
    any_graph = plain(edges)

    cycle = find_cycle(any_graph)

    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(step in edges for step in pairwise(cycle))
    else:
        assert len(topological_order(any_graph)) == 5
