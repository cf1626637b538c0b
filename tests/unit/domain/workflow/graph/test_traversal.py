"""Order, circles, what can be reached, and who is inside whom."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.graph.traversal import (
    components,
    enclosing,
    find_cycles,
    reachable,
    topological_order,
)
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from tests.builders.workflow import chat_graph, edge, graph, node

Arrows = list[tuple[str, str]]
arrows = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde")), max_size=14)


def plain(edges: Arrows, names: str = "abcde") -> Graph:
    return graph(
        [node(name, AnswerConfig(answer="")) for name in names],
        *(edge(source, target) for source, target in edges),
    )


def inside(node_id: str, parent: str) -> Node:
    return Node(id=NodeId(node_id), config=AnswerConfig(answer=""), parent=NodeId(parent))


def test_every_node_comes_after_those_that_lead_to_it() -> None:
    assert topological_order(plain([("c", "a"), ("a", "b")])) == ("c", "d", "e", "a", "b")


def test_a_cycle_is_shown_as_a_path_that_ends_where_it_begins() -> None:
    cyclic = plain([("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("d", "e")])

    assert set(find_cycles(cyclic)) <= {
        ("b", "c", "d", "b"),
        ("c", "d", "b", "c"),
        ("d", "b", "c", "d"),
    }
    assert len(find_cycles(cyclic)) == 1


def test_cycles_apart_from_each_other_are_all_found() -> None:
    assert len(find_cycles(plain([("a", "b"), ("b", "a"), ("b", "c"), ("d", "d")]))) == 2


def test_a_dangling_edge_neither_blocks_nor_breaks_a_walk() -> None:
    dangling = plain([("ghost", "a"), ("a", "b"), ("b", "phantom")], names="ab")

    assert topological_order(dangling) == ("a", "b")
    assert find_cycles(dangling) == ()
    assert components(dangling) == (("a",), ("b",))
    assert reachable(dangling, NodeId("a")) == {"a", "b"}


def test_everything_that_edges_lead_to_is_reachable() -> None:
    assert reachable(chat_graph(), NodeId("start")) == {"start", "llm", "answer"}
    assert reachable(plain([("a", "b"), ("b", "a"), ("a", "c")]), NodeId("b")) == {"a", "b", "c"}


def test_an_edge_into_a_container_closes_no_cycle() -> None:
    crossing = graph(
        [node("box", AnswerConfig(answer="")), inside("child", "box")],
        edge("box", "child"),
        edge("child", "box"),
    )

    assert find_cycles(crossing) == ()


def test_the_containers_around_a_node_come_innermost_first() -> None:
    nested = graph([node("a", AnswerConfig(answer="")), inside("b", "a"), inside("c", "b")])

    assert enclosing(nested, NodeId("c")) == ("b", "a")
    assert enclosing(nested, NodeId("a")) == ()


def test_what_is_inside_itself_or_nowhere_ends_the_way_outwards() -> None:
    circle = graph([inside("a", "b"), inside("b", "a"), inside("c", "ghost")])

    assert enclosing(circle, NodeId("a")) == ("b", "a")
    assert enclosing(circle, NodeId("c")) == ()


@given(arrows)
def test_a_graph_is_either_ordered_whole_or_has_a_real_cycle(edges: Arrows) -> None:
    any_graph = plain(edges)
    order = topological_order(any_graph)
    cycles = find_cycles(any_graph)

    assert (len(order) == 5) is (not cycles)
    for cycle in cycles:
        assert cycle[0] == cycle[-1]
        assert all(step in edges for step in pairwise(cycle))


@given(arrows)
def test_nodes_are_in_one_component_exactly_if_they_lead_to_each_other(edges: Arrows) -> None:
    any_graph = plain(edges)
    found = components(any_graph)
    place = {node_id: index for index, group in enumerate(found) for node_id in group}

    assert sorted(place) == list("abcde")
    for source, target in edges:
        assert place[NodeId(source)] <= place[NodeId(target)]
    for one in any_graph.nodes:
        for other in reachable(any_graph, one.id):
            together = one.id in reachable(any_graph, other)
            assert together is (place[one.id] == place[other])
