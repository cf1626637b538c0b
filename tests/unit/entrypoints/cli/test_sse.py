"""Server-sent events, however they are cut and however their lines end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.entrypoints.cli.sse import EventParser, ServerEvent

STREAM = (
    ": a comment\n"
    "id: 1.0\nevent: run.started\ndata: {}\n\n"
    'id: 2.1\nevent: message.delta\ndata: {"text":\n'
    'data: "Grüße 你好 🤖"}\n\n'
    "event: done\ndata: {}\n\n"
    "event: unfinished\ndata: nobody sees this\n"
)
EVENTS = [
    ServerEvent("1.0", "run.started", "{}"),
    ServerEvent("2.1", "message.delta", '{"text":\n"Grüße 你好 🤖"}'),
    ServerEvent("2.1", "done", "{}"),
]


def read(*chunks: bytes) -> list[ServerEvent]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@given(cuts=st.lists(st.integers(0, 260), max_size=12))
def test_events_are_the_same_wherever_the_network_cuts(ending: str, cuts: list[int]) -> None:
    data = STREAM.replace("\n", ending).encode()
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[start:end] for start, end in pairwise(places)]

    assert read(*chunks) == EVENTS


def test_every_single_byte_may_come_alone() -> None:
    data = STREAM.replace("\n", "\r\n").encode()

    assert read(*(data[at : at + 1] for at in range(len(data)))) == EVENTS


def test_an_event_ends_with_its_empty_line_even_when_that_is_a_bare_cr() -> None:
    assert read(b"data: 1\r\r") == [ServerEvent("", "message", "1")]


def test_one_space_after_the_colon_is_not_part_of_the_value() -> None:
    assert read(b"data:  two\ndata:none\n\n") == [ServerEvent("", "message", " two\nnone")]


def test_an_event_without_data_is_none() -> None:
    assert read(b"event: ping\n\n: comment\n\ndata\n\n") == [ServerEvent("", "message", "")]


def test_the_last_id_stays_until_another_is_named() -> None:
    found = read(b"id: 7.0\ndata: a\n\ndata: b\n\nid\ndata: c\n\n")

    assert [event.id for event in found] == ["7.0", "7.0", ""]


def test_unknown_fields_and_ids_with_a_null_say_nothing() -> None:
    assert read(b"id: 1\nretry: 5\nid: 2\x00\nfoo: bar\ndata: x\n\n") == [
        ServerEvent("1", "message", "x")
    ]


def test_a_byte_order_mark_is_not_part_of_the_first_line() -> None:
    assert read("\ufeffdata: x\n\n".encode()) == [ServerEvent("", "message", "x")]
