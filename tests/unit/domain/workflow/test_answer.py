"""The answer shows each character as soon as it is certain, and takes back what was wrong."""

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.answer import Answer
from dify_hex.domain.workflow.frame import NodeAddress
from dify_hex.domain.workflow.node_run import NodeOutcome, RunError
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from dify_hex.domain.workflow.nodes.start import StartConfig
from dify_hex.domain.workflow.run import WorkflowRun
from tests.builders.workflow import NOW, at, chat_graph, edge, graph, llm, node, started_run

START, LLM = at("start"), at("llm")


def perform(
    run: WorkflowRun, address: NodeAddress, handle: str = "source", **outputs: JsonValue
) -> None:
    run.start_node(address, now=NOW)
    run.succeed_node(address, NodeOutcome(outputs=outputs, handle=handle), now=NOW)


def chat(answer: str) -> tuple[WorkflowRun, Answer]:
    run = started_run(chat_graph(answer))
    return run, Answer(run)


def test_fixed_text_before_the_model_is_shown_before_it_speaks() -> None:
    _, answer = chat("Well, {{#llm.text#}}!")

    assert answer.advance() == "Well, "


def test_a_model_that_streams_is_passed_through() -> None:
    run, answer = chat("Well, {{#llm.text#}}!")
    answer.advance()
    perform(run, START)
    run.start_node(LLM, now=NOW)

    assert [answer.feed(LLM, piece) for piece in ("hel", "lo")] == ["hel", "lo"]
    run.succeed_node(LLM, NodeOutcome(outputs={"text": "hello"}), now=NOW)
    assert answer.advance() == "!"
    assert answer.text == "Well, hello!"


def test_what_was_not_streamed_comes_with_the_outcome() -> None:
    run, answer = chat("{{#llm.text#}}")
    perform(run, START)
    run.start_node(LLM, now=NOW)
    answer.feed(LLM, "hel")
    run.succeed_node(LLM, NodeOutcome(outputs={"text": "hello"}), now=NOW)

    assert answer.advance() == "lo"


def test_an_outcome_that_contradicts_what_was_streamed_needs_a_reset() -> None:
    run, answer = chat("{{#llm.text#}}")
    perform(run, START)
    run.start_node(LLM, now=NOW)
    answer.feed(LLM, "<think>")
    run.succeed_node(LLM, NodeOutcome(outputs={"text": "hello"}), now=NOW)

    assert answer.advance() == ""
    assert answer.reset_needed
    assert answer.text == "hello"


def test_an_attempt_that_came_to_nothing_is_withdrawn() -> None:
    run, answer = chat("Well, {{#llm.text#}}")
    answer.advance()
    perform(run, START)
    run.start_node(LLM, now=NOW)
    answer.feed(LLM, "hel")

    answer.withdraw(LLM)

    assert answer.reset_needed
    assert answer.text == "Well, "


def test_withdrawing_what_was_never_shown_changes_nothing() -> None:
    _, answer = chat("{{#llm.text#}}")

    answer.withdraw(LLM)

    assert not answer.reset_needed


def test_text_that_no_answer_refers_to_is_not_shown() -> None:
    _, answer = chat("{{#sys.query#}}")

    assert answer.feed(LLM, "secret") == ""
    assert answer.advance() == "Hello?"
    assert answer.feed(LLM, "secret") == ""


def test_a_value_that_never_comes_holds_the_rest_back() -> None:
    run, answer = chat("{{#llm.text#}} and more")
    perform(run, START)
    run.start_node(LLM, now=NOW)
    run.fail_node(LLM, RunError(code="x", message="y"), now=NOW)

    assert answer.advance() == ""


def test_answers_follow_each_other_and_a_skipped_one_says_nothing() -> None:
    branching = graph(
        [
            node("start", StartConfig()),
            node("llm", llm()),
            node("no", AnswerConfig(answer="No.")),
            node("yes", AnswerConfig(answer="Yes: {{#llm.text#}}")),
            node("end", AnswerConfig(answer=" Bye.")),
        ],
        edge("start", "llm"),
        edge("llm", "no", "no"),
        edge("llm", "yes", "yes"),
        edge("yes", "end"),
    )
    run = started_run(branching)
    answer = Answer(run)
    perform(run, START)

    assert answer.advance() == ""
    assert answer.feed(LLM, "held") == ""
    perform(run, LLM, handle="yes", text="sure.")
    assert answer.advance() == "Yes: sure. Bye."


def test_what_may_still_change_is_shown_when_the_answer_has_run() -> None:
    run, answer = chat("{{#llm.text#}}, {{#conversation.name#}} again {{#conversation.name#}}!")
    perform(run, START)
    perform(run, LLM, text="Hello")

    assert answer.advance() == "Hello, "
    perform(run, at("answer"), answer="Hello, Ann again Ann!")
    assert answer.advance() == "Ann again Ann!"
    assert answer.text == "Hello, Ann again Ann!"


def test_what_a_node_says_is_not_shown_in_place_of_another_of_its_values() -> None:
    run, answer = chat("Because: {{#llm.reasoning_content#}}")
    answer.advance()
    perform(run, START)
    run.start_node(LLM, now=NOW)

    assert answer.feed(LLM, "hello") == ""
    run.succeed_node(
        LLM, NodeOutcome(outputs={"text": "hello", "reasoning_content": "why"}), now=NOW
    )
    assert answer.advance() == "why"
    assert answer.text == "Because: why"


def test_a_node_that_no_answer_shows_can_lose_an_attempt_unnoticed() -> None:
    run, answer = chat("{{#sys.query#}} {{#llm.usage#}}")
    answer.advance()
    perform(run, START)
    run.start_node(LLM, now=NOW)
    answer.feed(LLM, "hel")

    answer.withdraw(LLM)

    assert (answer.text, answer.reset_needed) == ("Hello? ", False)
