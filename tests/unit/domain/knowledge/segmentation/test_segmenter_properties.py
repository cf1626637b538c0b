"""Segments lose nothing, invent nothing, fit, and are the same however the document comes."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.settings import (
    DEFAULT_SEPARATORS,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)
from tests.builders.segmentation import general, segments, words

PIECES = st.sampled_from(
    [
        "word",
        "另一个句子。",
        "End. ",
        "! ",
        "\n",
        "\n\n",
        " ",
        "，",
        "；",
        "longerword" * 5,
        "é",
        "- ",
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)
PLAIN_BLOCKS = st.builds(
    Block,
    kind=st.sampled_from([BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.CODE, BlockKind.TABLE]),
    text=TEXTS,
    page=st.none() | st.integers(1, 9),
)
HEADINGS = st.builds(
    Block,
    kind=st.just(BlockKind.HEADING),
    text=st.text("abc ", min_size=1, max_size=20),
    level=st.integers(1, 6),
)
SETTINGS = st.builds(
    SegmentationSettings,
    mode=st.sampled_from(SegmentationMode),
    parent=st.sampled_from(ParentScope),
    separators=st.sampled_from([(), DEFAULT_SEPARATORS, ("word", "\n\n")]),
    max_tokens=st.integers(16, 60),
    overlap_tokens=st.just(0),
    child_max_tokens=st.just(16),
)


def solid(texts: Iterator[str]) -> str:
    return "".join("".join(text.split()) for text in texts)


@given(st.lists(PLAIN_BLOCKS, max_size=12), SETTINGS)
def test_nothing_is_lost_and_nothing_invented(
    blocks: list[Block], settings: SegmentationSettings
) -> None:
    made = segments(blocks, settings)

    assert solid(one.content for one in made) == solid(block.text for block in blocks)
    if settings.mode is SegmentationMode.PARENT_CHILD:
        children = (child.content for one in made for child in one.children)
        assert solid(children) == solid(block.text for block in blocks)


@given(st.lists(PLAIN_BLOCKS | HEADINGS, max_size=12))
def test_no_heading_is_lost(blocks: list[Block]) -> None:
    made = segments(blocks, general())

    known = {text for one in made for text in (*one.headings, one.content)}
    texts = {" ".join(one.text.split()) for one in blocks if one.kind is BlockKind.HEADING}
    assert texts - {""} <= known


@given(st.lists(PLAIN_BLOCKS | HEADINGS, max_size=12), SETTINGS, st.integers(0, 8))
def test_every_segment_fits_and_positions_are_consecutive(
    blocks: list[Block], settings: SegmentationSettings, shared: int
) -> None:
    settings = replace(settings, overlap_tokens=shared)
    made = segments(blocks, settings)

    is_whole = settings.parent is ParentScope.FULL_DOCUMENT
    if settings.mode is SegmentationMode.GENERAL or not is_whole:
        assert all(words(one.content) == one.tokens <= settings.max_tokens for one in made)
    assert all(child.tokens <= 16 for one in made for child in one.children)
    assert all(one.content.strip() for one in made)
    assert [one.position for one in made] == list(range(1, len(made) + 1))
    assert len({(one.content_hash, one.occurrence) for one in made}) == len(made)


@given(st.lists(PLAIN_BLOCKS, max_size=8), st.integers(1, 8))
def test_with_overlap_each_segment_goes_on_where_the_one_before_ended(
    blocks: list[Block], shared: int
) -> None:
    made = segments(blocks, general(overlap=shared))

    whole = solid(block.text for block in blocks)
    place = 0
    for one in made:
        content = solid(iter([one.content]))
        start = whole.rfind(content, 0, place + len(content))
        assert 0 <= start <= place < start + len(content)
        place = start + len(content)
    assert place == len(whole)


@given(st.lists(PLAIN_BLOCKS | HEADINGS, max_size=12), SETTINGS, st.integers(1, 12))
def test_batches_make_no_difference(
    blocks: list[Block], settings: SegmentationSettings, batch: int
) -> None:
    assert segments(blocks, settings, batch=batch) == segments(blocks, settings, batch=1)
