"""What is said inside of containers comes at the container's place in the answer."""

from dataclasses import replace

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.answer import Answer
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.graph.graph import Edge, Node
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.iteration import IterationConfig
from dify_hex.domain.workflow.nodes.loop import LoopConfig
from dify_hex.domain.workflow.run import WorkflowRun
from tests.builders.variables import at as selector
from tests.builders.workflow import NOW, at, child, edge, graph, llm, node, started_run

EACH = IterationConfig(
    iterator_selector=selector("list.items"), output_selector=selector("say.answer")
)
TOGETHER = replace(EACH, is_parallel=True)
SAY = AnswerConfig(answer="{{#each.item#}};")


def speaking(*nodes: Node, edges: tuple[Edge, ...] = ()) -> tuple[WorkflowRun, Answer]:
    run = started_run(graph(nodes, *edges))
    run.variables.put(NodeId("list"), {"items": ["a", "b", "c"]})
    return run, Answer(run)


def say(run: WorkflowRun, answer: Answer, address: NodeAddress, text: str = "") -> str:
    """Perform an answer node; returns what of it is shown."""
    outputs: dict[str, JsonValue] = {"answer": text}
    run.start_node(address, now=NOW)
    run.succeed_node(address, NodeOutcome(outputs=outputs), now=NOW)
    return answer.advance()


def test_each_item_is_heard_when_it_has_spoken() -> None:
    run, answer = speaking(node("each", EACH), child("say", SAY, "each"))
    run.start_node(at("each"), now=NOW)

    shown = [say(run, answer, at("say", f"/each.{index}"), f"{index};") for index in range(3)]

    assert shown == ["0;", "1;", "2;"]
    assert answer.text == "0;1;2;"


def test_items_side_by_side_are_heard_in_the_order_in_which_they_speak() -> None:
    run, answer = speaking(node("each", TOGETHER), child("say", SAY, "each"))
    run.start_node(at("each"), now=NOW)

    shown = [say(run, answer, at("say", f"/each.{index}"), f"{index};") for index in (2, 0, 1)]

    assert shown == ["2;", "0;", "1;"]


def test_what_stands_behind_a_container_waits_for_its_end() -> None:
    run, answer = speaking(
        node("each", EACH),
        child("say", SAY, "each"),
        node("after", AnswerConfig(answer="That is all.")),
        edges=(edge("each", "after"),),
    )
    run.start_node(at("each"), now=NOW)

    assert say(run, answer, at("say", "/each.0"), "0;") == "0;"
    assert say(run, answer, at("say", "/each.1"), "1;") == "1;"
    assert say(run, answer, at("say", "/each.2"), "2;") == "2;That is all."


def test_what_stands_before_a_container_is_shown_first_whoever_ends_first() -> None:
    run, answer = speaking(
        node("llm", llm()),
        node("before", AnswerConfig(answer="{{#llm.text#}} ")),
        node("each", EACH),
        child("say", SAY, "each"),
        edges=(edge("llm", "before"), edge("before", "each")),
    )
    run.start_node(at("llm"), now=NOW)

    assert answer.feed(at("llm"), "Now") == "Now"
    run.succeed_node(at("llm"), NodeOutcome(outputs={"text": "Now:"}), now=NOW)
    assert answer.advance() == ": "
    say(run, answer, at("before"))
    run.start_node(at("each"), now=NOW)
    assert say(run, answer, at("say", "/each.0"), "0;") == "0;"
    assert answer.text == "Now: 0;"


def test_a_model_behind_a_container_streams_once_it_is_its_turn() -> None:
    run, answer = speaking(
        node("each", EACH),
        child("say", SAY, "each"),
        node("llm", llm()),
        node("after", AnswerConfig(answer="{{#llm.text#}}")),
        edges=(edge("each", "llm"), edge("llm", "after")),
    )
    run.start_node(at("each"), now=NOW)
    for index in range(3):
        say(run, answer, at("say", f"/each.{index}"), ".")
    run.start_node(at("llm"), now=NOW)

    assert answer.feed(at("llm"), "So.") == "So."
    assert answer.text == "...So."


def test_a_model_inside_is_heard_through_the_answer_that_shows_it() -> None:
    run, answer = speaking(
        node("each", EACH),
        child("llm", llm(), "each"),
        child("say", AnswerConfig(answer="{{#llm.text#}}"), "each"),
        edges=(edge("llm", "say"),),
    )
    run.start_node(at("each"), now=NOW)
    inside = at("llm", "/each.0")
    run.start_node(inside, now=NOW)

    assert answer.feed(inside, "Hal") == ""
    run.succeed_node(inside, NodeOutcome(outputs={"text": "Hallo"}), now=NOW)
    assert say(run, answer, at("say", "/each.0"), "Hallo") == "Hallo"


def test_what_is_said_deep_inside_belongs_to_the_outermost_container() -> None:
    run, answer = speaking(
        node("loop", LoopConfig(loop_count=2)),
        child("each", EACH, "loop"),
        child("say", SAY, "each"),
        node("after", AnswerConfig(answer="End.")),
        edges=(edge("loop", "after"),),
    )
    run.start_node(at("loop"), now=NOW)
    shown: list[str] = []
    for turn in range(2):
        run.start_node(at("each", f"/loop.{turn}"), now=NOW)
        shown += [
            say(run, answer, at("say", f"/loop.{turn}/each.{index}"), f"{turn}{index} ")
            for index in range(3)
        ]

    assert shown == ["00 ", "01 ", "02 ", "10 ", "11 ", "12 End."]


def test_a_container_that_is_skipped_says_nothing() -> None:
    run, answer = speaking(
        node("llm", llm()),
        node("each", EACH),
        child("say", SAY, "each"),
        node("after", AnswerConfig(answer="Nothing to tell.")),
        edges=(edge("llm", "each", "yes"), edge("llm", "after", "no")),
    )
    run.start_node(at("llm"), now=NOW)
    run.succeed_node(at("llm"), NodeOutcome(outputs={}, handle="no"), now=NOW)

    assert answer.advance() == "Nothing to tell."
