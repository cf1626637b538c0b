"""Thinking is told from answering, however the pieces were cut."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.workflow.prompting.reasoning import (
    ReasoningForm,
    SeparatedReasoning,
    Spoken,
    TaggedReasoning,
)


def told(form: ReasoningForm, pieces: Sequence[str]) -> Spoken:
    spoken = [form.say(piece) for piece in pieces]
    spoken.append(form.finish())
    return Spoken("".join(s.text for s in spoken), "".join(s.reasoning for s in spoken))


@pytest.mark.parametrize(
    ("said", "text", "reasoning"),
    [
        ("Hello.", "Hello.", ""),
        ("", "", ""),
        ("  Hello. ", "  Hello. ", ""),
        ("<think>hm</think>Hello.", "Hello.", "hm"),
        ("<think>hm</think>\n\nHello. ", "Hello. ", "hm"),
        ("\n<think>hm</think>\n\nHello.", "Hello.", "hm"),
        ("<THINK>hm</Think>Hello.", "Hello.", "hm"),
        ("First <think>hm</think> then <think>oh</think>last", "First  then last", "hm\noh"),
        ("<think>never closed", "", "never closed"),
        ("<think>almost closed</thin", "", "almost closed</thin"),
        ("no tag: a < b, <thin", "no tag: a < b, <thin", ""),
        ("a stray </think> stays", "a stray </think> stays", ""),
        ("<think></think>", "", ""),
        ("  ", "  ", ""),
        ("<think>hm</think>  ", "", "hm"),
    ],
)
def test_tags_are_taken_out_of_the_text(said: str, text: str, reasoning: str) -> None:
    assert told(SeparatedReasoning(), [said]) == Spoken(text, reasoning)


@given(
    st.lists(
        st.sampled_from(["<think>", "</think>", "<", "think>", "</thi", "nk>", "a", " ", "\n", "é"])
    ),
    st.data(),
)
def test_where_the_pieces_are_cut_makes_no_difference(
    parts: list[str], data: st.DataObject
) -> None:
    whole = "".join(parts)
    places = data.draw(st.lists(st.integers(0, len(whole)), max_size=12).map(sorted))
    cuts = [0, *places, len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(cuts)]

    assert told(SeparatedReasoning(), pieces) == told(SeparatedReasoning(), [whole])


@given(st.lists(st.text(alphabet="<think/> a\n", max_size=6)))
def test_no_part_of_a_tag_is_ever_shown(pieces: list[str]) -> None:
    form = SeparatedReasoning()
    shown = ""
    for piece in pieces:
        shown += form.say(piece).text
        assert "<think>" not in shown

    whole = told(SeparatedReasoning(), ["".join(pieces)]).text
    assert whole.startswith(shown)


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="<"), max_size=5)))
def test_a_text_without_tags_comes_out_as_it_went_in(pieces: list[str]) -> None:
    assert told(SeparatedReasoning(), pieces) == Spoken("".join(pieces))


def test_what_may_still_become_a_tag_is_held_back() -> None:
    form = SeparatedReasoning()

    assert form.say("Yes <th") == Spoken("Yes ")
    assert form.say("ink>because") == Spoken("", "because")


def test_thinking_that_the_provider_keeps_apart_is_passed_on_at_once() -> None:
    form = SeparatedReasoning()

    assert form.think("hm") == Spoken(reasoning="hm")
    assert form.say("\n\nHello.") == Spoken("Hello.")


class TestTagged:
    def test_tags_stay_where_the_model_has_put_them(self) -> None:
        said = "<think>hm</think>Hello."

        assert told(TaggedReasoning(), [said]) == Spoken(said)

    def test_thinking_that_came_apart_gets_tags(self) -> None:
        form = TaggedReasoning()

        pieces = [form.think("h"), form.think("m"), form.say("Hello"), form.say("."), form.finish()]

        assert "".join(piece.text for piece in pieces) == "<think>\nhm\n</think>\n\nHello."

    def test_thinking_without_an_answer_is_closed_too(self) -> None:
        form = TaggedReasoning()
        form.think("hm")

        assert form.finish() == Spoken("\n</think>\n\n")
