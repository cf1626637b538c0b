"""Every fault of a graph is found at once, with a sentence that says what to do."""

import pytest

from dify_hex.domain.workflow.graph.graph import Graph
from dify_hex.domain.workflow.graph.validation import MAX_NODES, find_faults
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.llm import LlmConfig, PromptMessage, PromptRole, PromptSyntax
from dify_hex.domain.workflow.nodes.start import StartConfig
from tests.builders.workflow import MODEL, chat_graph, edge, graph, llm, node

START = node("start", StartConfig(variables=("name",)))


def codes(of: Graph) -> set[str]:
    return {fault.code for fault in find_faults(of)}


def test_a_sound_graph_has_no_faults() -> None:
    assert find_faults(chat_graph("{{#llm.text#}} {{#sys.query#}}")) == ()


def test_equal_graphs_are_equal_and_hash_alike() -> None:
    assert chat_graph() == chat_graph()
    assert hash(chat_graph()) == hash(chat_graph())
    assert chat_graph() != chat_graph("other")
    assert chat_graph() != "a graph"


def test_ids_that_are_used_twice_are_named() -> None:
    (fault,) = find_faults(graph([START, START], edge("start", "start")))

    assert (fault.code, fault.node_id) == ("duplicate_node", "start")


def test_both_ends_of_an_edge_must_exist() -> None:
    faults = find_faults(graph([START], edge("ghost", "start"), edge("start", "phantom")))

    assert [fault.node_id for fault in faults] == ["ghost", "phantom"]
    assert all("remove the edge or add the node" in fault.message for fault in faults)


def test_a_graph_needs_exactly_one_start() -> None:
    answer = node("answer", AnswerConfig(answer="hi"))

    assert "start_missing" in codes(graph([answer]))
    assert "start_ambiguous" in codes(graph([START, node("again", StartConfig()), answer]))


def test_a_node_that_no_path_leads_to_is_a_fault() -> None:
    (fault,) = find_faults(graph([START, node("answer", AnswerConfig(answer="hi"))]))

    assert (fault.code, fault.node_id) == ("unreachable_node", "answer")


def test_a_cycle_is_reported_with_its_path() -> None:
    loop = graph(
        [START, node("a", AnswerConfig(answer="")), node("b", AnswerConfig(answer=""))],
        edge("start", "a"),
        edge("a", "b"),
        edge("b", "a"),
    )

    (fault,) = find_faults(loop)

    assert fault.code == "cycle"
    assert "a → b → a" in fault.message or "b → a → b" in fault.message


def test_a_graph_that_answers_nothing_is_a_fault() -> None:
    assert codes(graph([START, node("llm", llm())], edge("start", "llm"))) == {"answer_missing"}


def test_a_graph_may_not_grow_without_end() -> None:
    nodes = [node(f"n{i}", AnswerConfig(answer="")) for i in range(MAX_NODES)]
    edges = [edge("start", each.id) for each in nodes]

    assert codes(graph([START, *nodes], *edges)) == {"too_many_nodes"}


@pytest.mark.parametrize(
    ("reference", "advice"),
    [
        ("ghost.text", "there is no node ghost"),
        ("start.age", "puts out only name"),
        ("sys.weather", "the system knows only"),
        ("late.answer", "does not run before it"),
    ],
)
def test_a_reference_to_what_is_not_there_says_why(reference: str, advice: str) -> None:
    faulty = graph(
        [
            START,
            node("answer", AnswerConfig(answer=f"{{{{#{reference}#}}}}")),
            node("late", AnswerConfig(answer="")),
        ],
        edge("start", "answer"),
        edge("answer", "late"),
    )

    (fault,) = find_faults(faulty)

    assert (fault.code, fault.node_id, fault.field) == ("unknown_variable", "answer", "answer")
    assert f"refers to {reference}" in fault.message
    assert advice in fault.message


def test_prompts_of_a_graph_are_checked_for_references_too() -> None:
    config = LlmConfig(
        model=MODEL,
        prompt=(PromptMessage(role=PromptRole.USER, text="{{#start.ghost#}}"),),
        syntax=PromptSyntax.SELECTORS,
    )

    (fault,) = find_faults(chat_graph(config=config))

    assert (fault.code, fault.field) == ("unknown_variable", "prompt.0.text")
    assert "refers to start.ghost" in fault.message
    assert "puts out only nothing" in fault.message


def test_a_fault_can_be_told_as_an_error_detail() -> None:
    (fault,) = find_faults(graph([START, node("answer", AnswerConfig(answer="hi"))]))

    assert fault.as_detail()["code"] == "unreachable_node"
