"""Events are the same however the network cuts them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.openai.server_sent_events import (
    MAX_EVENT_BYTES,
    EventDataReader,
    EventTooLong,
)

_DATA = st.binary(min_size=1, max_size=30).map(lambda data: data.translate(None, b"\r\n") or b"x")


def read(stream: bytes, *cuts: int) -> list[bytes]:
    reader = EventDataReader()
    found: list[bytes] = []
    edges = [0, *sorted(cuts), len(stream)]
    for start, end in pairwise(edges):
        found += reader.feed(stream[start:end])
    return found + list(reader.finish())


@given(
    data=st.lists(_DATA, max_size=6),
    ending=st.sampled_from([b"\n", b"\r\n"]),
    space=st.sampled_from([b"", b" "]),
    noise=st.sampled_from([b"", b": alive", b"event: message", b"id: 7"]),
    cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=8),
)
def test_any_cut_gives_the_same_events(
    data: list[bytes], ending: bytes, space: bytes, noise: bytes, cuts: list[int]
) -> None:
    stream = b"".join(
        noise + ending + b"data:" + space + b"." + one + ending + ending for one in data
    )

    found = read(stream, *(min(cut, len(stream)) for cut in cuts))

    assert found == [b"." + one for one in data]


def test_lines_of_one_event_belong_together() -> None:
    assert read(b"data: one\ndata: two\n\n") == [b"one\ntwo"]


def test_a_last_event_without_its_blank_line_counts() -> None:
    assert read(b"data: [DONE]") == [b"[DONE]"]


def test_empty_events_are_none() -> None:
    assert read(b"\n\n: hello\n\nretry: 5\n\n") == []


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 70_000, b"data: " + b"x" * 70_000 + b"\n"])
def test_what_has_no_end_is_not_kept(piece: bytes) -> None:
    pieces = [piece] * (MAX_EVENT_BYTES // 60_000)

    with pytest.raises(EventTooLong):
        read(b"".join(pieces), *(len(piece) * number for number in range(len(pieces))))
