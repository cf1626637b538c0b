"""Forms with files in them, read as they come."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.entrypoints.http.multipart import MultipartForm, Part
from dify_hex.entrypoints.http.problems import MalformedForm

BOUNDARY = b"limit"


def part(disposition: str, content: bytes, media_type: str | None = None) -> bytes:
    kind = "" if media_type is None else f"content-type: {media_type}\r\n"
    head = f"--limit\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
    return head.encode() + content + b"\r\n"


async def in_pieces(body: bytes, cuts: Sequence[int]) -> AsyncIterator[bytes]:
    places = [0, *sorted({cut for cut in cuts if cut < len(body)}), len(body)]
    for start, end in pairwise(places):
        yield body[start:end]


def form_of(body: bytes, cuts: Sequence[int] = ()) -> MultipartForm:
    return MultipartForm(in_pieces(body, cuts), BOUNDARY)


async def everything(form: MultipartForm) -> None:
    while await form.next_part():
        await form.text(max_bytes=1000)


BODY = (
    part('name="user"', "安".encode())
    + part('name="file"; filename="a.bin"', b"\r\n--limi\r\n\x00--limit", "image/png")
    + part('name="empty"', b"")
    + b"--limit--\r\n"
)


@given(st.lists(st.integers(min_value=1, max_value=len(BODY) - 1)))
async def test_a_form_is_the_same_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    form = form_of(BODY, cuts)

    assert await form.next_part() == Part("user", None, None)
    assert await form.text(max_bytes=100) == "安"
    assert await form.next_part() == Part("file", "a.bin", "image/png")
    content = b"".join([piece async for piece in form.content()])
    assert content == b"\r\n--limi\r\n\x00--limit"
    assert await form.next_part() == Part("empty", None, None)
    assert await form.text(max_bytes=100) == ""
    assert await form.next_part() is None


async def test_what_is_left_of_a_part_is_passed_over() -> None:
    form = form_of(BODY, range(0, len(BODY), 7))

    found = [await form.next_part() for _ in range(4)]

    assert [part and part.name for part in found] == ["user", "file", "empty", None]


async def test_a_field_is_short() -> None:
    form = form_of(part('name="user"', b"x" * 11) + b"--limit--")
    await form.next_part()

    with pytest.raises(MalformedForm):
        await form.text(max_bytes=10)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"--other\r\n",
        part('name="user"', b"x"),
        part('name="user"', b"\xff") + b"--limit--",
        part('name="user"', b"an\0n") + b"--limit--",
        part("filename=nameless", b"x") + b"--limit--",
        b"--limit\r\nx: y\r\n\r\nz\r\n--limit--",
        b"--limit\r\n" + b"x: y\r\n" * 20 + b"\r\nz\r\n--limit--",
    ],
)
async def test_a_body_that_is_no_form_is_told_from_one(body: bytes) -> None:
    form = form_of(body)

    with pytest.raises(MalformedForm):
        await everything(form)


@given(st.binary(max_size=300))
async def test_any_bytes_are_a_form_or_are_refused(body: bytes) -> None:
    with suppress(MalformedForm):
        await everything(form_of(b"--limit\r\n" + body))
