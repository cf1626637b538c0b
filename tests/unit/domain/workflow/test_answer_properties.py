"""However the words of several models arrive, a reader sees one text that only grows."""

import random

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.workflow.answer import Answer
from dify_hex.domain.workflow.node_run import NodeOutcome
from dify_hex.domain.workflow.nodes.answer import AnswerConfig
from tests.builders.workflow import NOW, at, edge, graph, llm, node, started_run

WORDS = st.lists(st.text("abc ", max_size=3), max_size=6)
CHANCES = st.randoms(use_true_random=False)
SIDE_BY_SIDE = graph(
    [
        node("left", llm()),
        node("right", llm()),
        node("answer", AnswerConfig(answer="<{{#left.text#}}|{{#right.text#}}|{{#left.text#}}>")),
    ],
    edge("left", "answer"),
    edge("right", "answer"),
)


class Reader:
    """Holds what it was shown, piece by piece."""

    def __init__(self) -> None:
        self.run = started_run(SIDE_BY_SIDE)
        self.answer = Answer(self.run)
        self.held = self.answer.advance()
        for name in ("left", "right"):
            self.run.start_node(at(name), now=NOW)

    def hear(self, name: str, word: str) -> None:
        self.held += self.answer.feed(at(name), word)

    def end(self, name: str, text: str) -> None:
        self.run.succeed_node(at(name), NodeOutcome(outputs={"text": text}), now=NOW)
        self.held += self.answer.advance()

    def lose(self, name: str) -> None:
        """An attempt comes to nothing, and another begins."""
        self.answer.withdraw(at(name))
        if self.answer.reset_needed:
            self.answer.reset_needed = False
            self.held = self.answer.text


@given(WORDS, WORDS, CHANCES)
def test_two_models_side_by_side_never_interleave(
    left: list[str], right: list[str], chance: random.Random
) -> None:
    reader = Reader()
    whole = f"<{''.join(left)}|{''.join(right)}|{''.join(left)}>"
    to_say = {"left": list(left), "right": list(right)}
    while to_say:
        name = chance.choice(list(to_say))
        if to_say[name]:
            reader.hear(name, to_say[name].pop(0))
        else:
            del to_say[name]
            reader.end(name, "".join({"left": left, "right": right}[name]))
        assert reader.held == reader.answer.text
        assert whole.startswith(reader.held)
        assert not reader.answer.reset_needed

    assert reader.held == whole


@given(WORDS, WORDS, WORDS, CHANCES)
def test_a_second_attempt_leaves_nothing_of_the_first(
    left: list[str], first: list[str], second: list[str], chance: random.Random
) -> None:
    reader = Reader()
    steps = [("left", word) for word in left] + [("right", word) for word in first]
    chance.shuffle(steps)
    for name, word in steps:
        reader.hear(name, word)
    reader.lose("right")
    for word in second:
        reader.hear("right", word)
    reader.lose("left")
    reader.end("left", "".join(left))
    reader.end("right", "".join(second))

    assert not reader.answer.reset_needed
    assert reader.held == f"<{''.join(left)}|{''.join(second)}|{''.join(left)}>"


def test_what_was_said_before_its_turn_is_shown_as_soon_as_it_is() -> None:
    reader = Reader()
    reader.hear("right", "R")
    reader.hear("left", "L")

    assert reader.held == "<L"
    reader.end("left", "L")
    assert reader.held == "<L|R"
    reader.hear("right", "r")
    assert reader.held == "<L|Rr"
