"""A node of a graph is taken out of it, with everything inside."""

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.excerpt import excerpt_of, needs_of
from dify_hex.domain.workflow.graph.graph import Graph, Node
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import Task, selector
from tests.builders.workflow import edge, node

EACH = IterationConfig(
    iterator_selector=selector("list.items"), output_selector=selector("last.text")
)
LARGE = Graph(
    nodes=(
        node("list", Task()),
        node("each", EACH),
        Node(
            id=NodeId("first"),
            config=Task(uses=("each.item", "list.name", "env.REGION")),
            parent=NodeId("each"),
        ),
        Node(
            id=NodeId("last"),
            config=Task(uses=("first.text",), sets=("conversation.notes",)),
            parent=NodeId("each"),
        ),
        node("after", Task(uses=("each.output",))),
    ),
    edges=(edge("list", "each"), edge("first", "last"), edge("each", "after")),
    environment=(VariableDeclaration(name="REGION", type=ValueType.STRING, value="eu"),),
)


def needed(graph: Graph) -> list[str]:
    return [str(reference.selector) for reference in needs_of(graph)]


def test_a_container_comes_with_what_is_inside_of_it_and_nothing_else() -> None:
    excerpt = excerpt_of(LARGE, NodeId("each"))

    assert [each.id for each in excerpt.nodes] == ["each", "first", "last"]
    assert excerpt.edges == (edge("first", "last"),)
    assert excerpt.environment == LARGE.environment


def test_a_node_inside_of_a_container_stands_in_none_any_more() -> None:
    (alone,) = excerpt_of(LARGE, NodeId("first")).nodes

    assert (alone.id, alone.parent) == ("first", None)


def test_what_nobody_in_the_excerpt_puts_out_is_needed() -> None:
    assert needed(excerpt_of(LARGE, NodeId("each"))) == [
        "list.items",
        "list.name",
        "env.REGION",
        "conversation.notes",
    ]
    assert needed(excerpt_of(LARGE, NodeId("first"))) == ["each.item", "list.name", "env.REGION"]
