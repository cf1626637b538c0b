"""Which part of a file is sent, and what it is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.application.file.ports import ByteRange
from dify_hex.entrypoints.http.file_download import disposition, parse_range
from dify_hex.entrypoints.http.problems import RangeNotSatisfiable


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        (" bytes=0-99 ", 0, 100),
        ("bytes=0-100", 0, 100),
        ("bytes=99-", 99, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-1000", 0, 100),
    ],
)
def test_one_range_is_heeded(text: str, start: int, end: int) -> None:
    assert parse_range(text, 100) == ByteRange(start=start, end=end)


@pytest.mark.parametrize(
    "text",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,3-4", "items=0-1",
     "bytes=0 - 1", f"bytes=0-{'9' * 19}"],
)  # fmt: skip
def test_what_is_no_single_range_is_not_heeded(text: str) -> None:
    assert parse_range(text, 100) is None


@pytest.mark.parametrize("text", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(text: str) -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range(text, 100)


@given(st.text(alphabet="bytes=-,0123456789 ", max_size=20), st.integers(1, 1000))
def test_a_range_is_always_within_the_file(text: str, size: int) -> None:
    try:
        found = parse_range(text, size)
    except RangeNotSatisfiable:
        return
    assert found is None or 0 <= found.start < found.end <= size


@pytest.mark.parametrize(
    ("name", "in_place", "told"),
    [
        ("a.png", True, 'inline; filename="a.png"'),
        ("a.svg", False, 'attachment; filename="a.svg"'),
        ("a b (1).txt", False, 'attachment; filename="a b (1).txt"'),
        ('a"b\\.png', True, "inline; filename=\"a_b_.png\"; filename*=UTF-8''a%22b%5C.png"),
        ("计.png", True, "inline; filename=\"_.png\"; filename*=UTF-8''%E8%AE%A1.png"),
        ("50%.png", True, 'inline; filename="50%.png"'),
    ],
)
def test_a_name_is_told_to_old_readers_and_to_new_ones(
    name: str, in_place: bool, told: str
) -> None:
    assert disposition(name, in_place=in_place) == told
