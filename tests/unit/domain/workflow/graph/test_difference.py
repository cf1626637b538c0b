"""Two versions of a graph are compared by what they mean."""

from dataclasses import replace

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.workflow.graph.difference import ChangeKind, difference
from dify_hex.domain.workflow.graph.graph import Edge, Graph, Node
from dify_hex.domain.workflow.node_policy import NodePolicy, RetryPolicy
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig
from dify_hex.domain.workflow.variables.declaration import VariableDeclaration
from tests.builders.workflow import chat_graph, edge, llm, node

CHAT = chat_graph()


def with_node(changed: Node) -> Graph:
    nodes = tuple(changed if each.id == changed.id else each for each in CHAT.nodes)
    return Graph(nodes=nodes, edges=CHAT.edges)


def changes(after: Graph) -> list[tuple[str, ChangeKind, tuple[str, ...]]]:
    return [(each.node_id, each.kind, each.fields) for each in difference(CHAT, after).nodes]


def test_the_same_graph_in_another_order_is_no_other_graph() -> None:
    shuffled = Graph(nodes=CHAT.nodes[::-1], edges=CHAT.edges[::-1])

    assert difference(CHAT, shuffled).is_empty


def test_a_setting_that_differs_is_named_down_to_its_field() -> None:
    config = llm()
    assert isinstance(config, LlmConfig)
    warmer = replace(
        config,
        model=replace(config.model, parameters=replace(config.model.parameters, temperature=0.5)),
    )

    assert changes(with_node(node("llm", warmer))) == [
        ("llm", ChangeKind.CHANGED, ("config.model.parameters.temperature",))
    ]


def test_titles_parents_policies_and_types_count() -> None:
    patient = NodePolicy(retry=RetryPolicy(max_retries=1))
    moved = Node(
        id=NodeId("llm"),
        config=AnswerConfig(answer=""),
        title="New",
        parent=NodeId("box"),
        policy=patient,
    )

    (change,) = difference(CHAT, with_node(moved)).nodes
    assert change.fields == ("type", "policy.retry.max_retries", "title", "parent")
    assert change.type == "answer"


def test_what_is_new_and_what_is_gone_is_told() -> None:
    after = Graph(
        nodes=(*CHAT.nodes[:2], node("end", AnswerConfig(answer="x"))),
        edges=(CHAT.edges[0], edge("llm", "end", "other")),
    )
    found = difference(CHAT, after)

    assert [(each.node_id, each.kind) for each in found.nodes] == [
        ("answer", ChangeKind.REMOVED),
        ("end", ChangeKind.ADDED),
    ]
    assert [(each.edge, each.kind) for each in found.edges] == [
        (Edge(source=NodeId("llm"), target=NodeId("answer")), ChangeKind.REMOVED),
        (edge("llm", "end", "other"), ChangeKind.ADDED),
    ]


def test_variables_are_compared_by_name() -> None:
    notes = VariableDeclaration(name="notes")
    before = Graph(nodes=(), edges=(), conversation=(notes,))
    after = Graph(
        nodes=(),
        edges=(),
        environment=(VariableDeclaration(name="REGION", value="eu"),),
        conversation=(replace(notes, value="first"),),
    )

    assert [(each.scope, each.name, each.kind) for each in difference(before, after).variables] == [
        ("environment", "REGION", ChangeKind.ADDED),
        ("conversation", "notes", ChangeKind.CHANGED),
    ]
