"""The text of an answer, and what a terminal shows of it."""

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.entrypoints.cli.answer_text import AnswerText

DELTAS = st.tuples(st.just("message.delta"), st.text(max_size=5))
RESETS = st.tuples(st.just("message.reset"), st.text(max_size=9))


def test_deltas_are_shown_as_they_come() -> None:
    answer = AnswerText()
    shown = []
    for text in ("Hel", "lo"):
        answer.take("message.delta", {"text": text})
        shown.append(answer.unseen())

    assert shown == [(False, "Hel"), (False, "lo")]
    assert answer.text == "Hello"


def test_a_reset_to_what_was_shown_shows_nothing_twice() -> None:
    answer = AnswerText()
    answer.take("message.delta", {"text": "Hello"})
    answer.unseen()

    answer.take("message.reset", {"text": "Hello wor"})

    assert answer.unseen() == (False, " wor")


def test_a_reset_to_a_beginning_waits_for_what_follows() -> None:
    answer = AnswerText()
    answer.take("message.delta", {"text": "Hello world"})
    answer.unseen()

    answer.take("message.reset", {"text": "Hello"})
    assert answer.unseen() == (False, "")
    answer.take("message.delta", {"text": " world!"})

    assert answer.unseen() == (False, "!")


def test_another_text_is_shown_anew_from_its_start() -> None:
    answer = AnswerText()
    answer.take("message.delta", {"text": "Hello world"})
    answer.unseen()
    answer.take("message.reset", {"text": "Hello"})
    answer.take("message.delta", {"text": " there"})

    assert answer.unseen() == (True, "Hello there")


def test_at_the_end_a_shorter_text_is_another_one() -> None:
    answer = AnswerText()
    answer.take("message.delta", {"text": "Hello world"})
    answer.unseen()
    answer.take("message.complete", {"answer": "Hello"})

    assert answer.unseen() == (False, "")
    assert answer.settle() == (True, "Hello")
    assert answer.settle() == (False, "")


@given(st.lists(DELTAS | RESETS, max_size=20))
def test_what_is_shown_since_it_began_anew_is_the_text(events: list[tuple[str, str]]) -> None:
    answer = AnswerText()
    screen, text = "", ""
    for kind, piece in events:
        text = text + piece if kind == "message.delta" else piece
        answer.take(kind, {"text": piece})
        anew, more = answer.unseen()
        screen = more if anew else screen + more
    anew, more = answer.settle()
    screen = more if anew else screen + more

    assert screen == answer.text == text
