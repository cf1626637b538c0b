"""Every fault of a graph is found at once, with a sentence that says what to do."""

from dify_hex.domain.workflow.faults import ConfigFault, GraphFault
from dify_hex.domain.workflow.graph.graph_kind import GraphKind
from dify_hex.domain.workflow.graph.shape_faults import MAX_NODES
from dify_hex.domain.workflow.graph.unread import UnreadConfig
from dify_hex.domain.workflow.graph.validation import (
    MAX_FAULTS,
    find_faults,
    find_faults_apart,
)
from dify_hex.domain.workflow.node_policy import (
    NodePolicy,
)
from dify_hex.domain.workflow.nodes.end import EndConfig, EndOutput
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.graphs import (
    ANSWER,
    START,
    Stranger,
    Task,
    assert_faulty,
    chain,
    graph,
    secret,
    selector,
    step,
    task,
    uses,
)


def test_a_configuration_tells_its_own_faults() -> None:
    fault = ConfigFault(code="too_hot", field="degrees", message="Use less.")

    assert_faulty(chain(step("oven", Task(wrong=(fault,)))), "too_hot", "oven", "degrees")


def test_everything_is_told_at_once() -> None:
    faulty = graph(
        step("sys", Task(uses=("ghost.text",))),
        step("answer", Task(), policy=NodePolicy(timeout_seconds=0)),
        edges=["sys > answer", "answer > sys", "ghost > sys"],
        env=secret("hush"),
    )

    assert {fault.code for fault in find_faults(faulty)} == {
        "reserved_id",
        "selector_unknown_node",
        "policy_out_of_range",
        "cycle",
        "dangling_edge",
        "secret_in_graph",
        "start_missing",
        "answer_missing",
    }


def test_a_cycle_is_reported_with_its_path() -> None:
    (fault,) = find_faults(
        graph(START, task("a"), ANSWER, edges=["start > a", "a > a", "a > answer"])
    )

    assert "a → a" in fault.message


def test_a_reference_within_a_cycle_is_not_another_fault() -> None:
    a, b = task("a", "b.x", kind=Stranger), task("b", "a.x", kind=Stranger)
    cyclic = graph(START, a, b, ANSWER, edges=["start > a", "a > b", "b > a", "b > answer"])

    assert [fault.code for fault in find_faults(cyclic)] == ["cycle"]


def test_a_workflow_hands_something_back_and_a_chatflow_answers() -> None:
    answering = chain()
    ending = graph(START, step("end", EndConfig()), edges=["start > end"])

    assert find_faults(answering, GraphKind.CHATFLOW) == find_faults(answering) == ()
    assert find_faults(ending, GraphKind.WORKFLOW) == find_faults(ending) == ()
    assert [fault.code for fault in find_faults(answering, GraphKind.WORKFLOW)] == ["end_missing"]
    assert [fault.code for fault in find_faults(ending, GraphKind.CHATFLOW)] == ["answer_missing"]


def test_what_an_end_hands_back_is_looked_at_too() -> None:
    end = step(
        "end", EndConfig(run_outputs=(EndOutput(variable="a", value_selector=selector("x.y")),))
    )

    (fault,) = find_faults(graph(START, end, edges=["start > end"]), GraphKind.WORKFLOW)

    assert (fault.code, fault.node_id) == ("selector_unknown_node", "end")


def test_long_lists_of_names_are_cut() -> None:
    many = step("many", Task(gives=dict.fromkeys((f"n{i:02}" for i in range(30)), ValueType.ANY)))

    (fault,) = find_faults(chain(many, task("user", "many.ghost")))

    assert "n19 …" in fault.message
    assert "n20" not in fault.message


def test_a_node_that_could_not_be_read_is_no_reason_to_fault_others() -> None:
    start = step("start", UnreadConfig(type_name="start"))
    odd = step("odd", UnreadConfig(type_name="iteration"))
    child = task("child", "odd.item", parent="odd")
    user = task("user", "odd.output.a.b", "start.name")
    answer = step("answer", UnreadConfig(type_name="answer"))

    faults = find_faults(
        graph(
            start, odd, child, user, answer, edges=["start > odd", "odd.x > user", "user > answer"]
        ),
        GraphKind.CHATFLOW,
    )

    assert faults == ()


def test_no_more_faults_are_told_than_one_can_read() -> None:
    hopeless = chain(task("user", *(f"ghost{i}.text" for i in range(MAX_FAULTS + 5))))

    assert len(find_faults(hopeless)) == MAX_FAULTS


def test_the_same_fault_is_told_once() -> None:
    assert len(find_faults(uses("ghost.text", "ghost.text"))) == 1


def test_without_its_edges_a_graph_is_checked_node_by_node() -> None:
    lonely = graph(step("sys", Task(uses=("ghost.text",))), env=secret("hush"))

    assert [fault.code for fault in find_faults_apart(lonely)] == ["reserved_id", "secret_in_graph"]


def test_a_graph_that_is_too_large_is_not_looked_at_node_by_node() -> None:
    large = graph(*(step("sys", Task()) for _ in range(MAX_NODES + 1)))

    assert [fault.code for fault in find_faults_apart(large)] == ["too_many_nodes"]


def test_equal_graphs_are_equal_and_hash_alike() -> None:
    assert chain() == chain()
    assert hash(chain()) == hash(chain())
    assert chain() != uses()
    assert chain() != "a graph"


def test_a_fault_can_be_told_as_an_error_detail() -> None:
    fault = GraphFault(code="cycle", node_id="a", message="Turn back.")

    assert fault.as_detail() == {
        "code": "cycle",
        "node_id": "a",
        "field": None,
        "message": "Turn back.",
    }
