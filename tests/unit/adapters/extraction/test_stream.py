"""A text comes out in short steps, in proportion to what goes in."""

from collections.abc import Iterator

import pytest

from dify_hex.adapters.extraction.formats import Format
from dify_hex.adapters.extraction.limits import ReadingLimits
from dify_hex.adapters.extraction.text.stream import TextStream
from dify_hex.domain.knowledge.block import Block
from dify_hex.domain.knowledge.reading_errors import DocumentExpands


def stream(kind: Format, limits: ReadingLimits | None = None) -> TextStream:
    return TextStream(kind, "utf-8", limits or ReadingLimits())


def steps(text: TextStream, content: bytes) -> list[list[Block]]:
    text.feed(content)
    made = list(drained(text))
    text.finish()
    return [*made, *drained(text)]


def drained(text: TextStream) -> Iterator[list[Block]]:
    while text.has_more:
        yield text.next_blocks()


def test_what_is_written_anew_comes_in_several_steps() -> None:
    made = steps(stream(Format.JSON), b"[" * 50 + b"[" + b"1," * 300_000 + b"1]" + b"]" * 50)

    assert len(made) > 3
    assert all(sum(len(block.text) for block in step) < 300_000 for step in made)


def test_what_grows_out_of_proportion_is_refused() -> None:
    limits = ReadingLimits(growth=1, small_characters=10_000)

    with pytest.raises(DocumentExpands):
        steps(stream(Format.CSV, limits), b"a,b\n" * 5_000)


def test_what_is_small_may_grow() -> None:
    limits = ReadingLimits(growth=1, small_characters=100)

    assert steps(stream(Format.CSV, limits), b"a,b\n" * 3)


@pytest.mark.parametrize(
    "content",
    [
        b"{" + b"[1]," * 50_000,
        b"[" * 99 + b"1," * 200_000 + b"1" + b"]" * 99,
        b"c," * 100_000 + b"\n" + b"1\n" * 50_000,
        b'c,"' + b"," * 200_000 + b"\n" + b",,x\n" * 50_000,
        b"|a" * 100_000 + b"\n|-|\n" + b"|\n" * 50_000,
        b"|" * 1_900 + b"\n|-|\n" + b"|\n" * 100_000,
    ],
)
@pytest.mark.parametrize(
    "kind", [Format.JSON, Format.CSV, Format.TSV, Format.MARKDOWN, Format.PLAIN]
)
def test_nothing_that_is_built_to_grow_does(kind: Format, content: bytes) -> None:
    made = sum(len(block.text) for step in steps(stream(kind), content) for block in step)

    assert made <= 6 * len(content)


@pytest.mark.parametrize("blank", [" " * 20_000, "\u200b" * 20_000, "\n\u200b \u3164\n"])
def test_what_shows_nothing_is_left_out(blank: str) -> None:
    text = stream(Format.PLAIN)

    made = steps(text, blank.encode())

    assert not any(made)
    assert not text.has_shown_something
