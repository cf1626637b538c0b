"""Positions in a stream, as readers name them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.application.workflow.records import StreamEntry
from dify_hex.application.workflow.stream_position import StreamPosition


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**18 - 1))
def test_what_was_written_is_read_again(seq: int, n: int) -> None:
    assert StreamPosition.parse(str(StreamPosition(seq, n))) == StreamPosition(seq, n)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.",
        ".1",
        "-1.0",
        "1.-1",
        "01.0",
        "1.00",
        "1.0.0",
        "1.0 ",
        "a.b",
        "１.0",
        "9" * 19 + ".0",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        StreamPosition.parse(text)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert str(StreamPosition.parse(text)) == text
    except ValueError:
        return


def test_a_journalled_event_has_the_same_position_whoever_shows_it() -> None:
    entries = [StreamEntry(token, 4, 0, "run.started", "{}") for token in (0, 1, 7)]
    assert {StreamPosition.of(entry) for entry in entries} == {StreamPosition(4, 0)}
