"""Segments lose nothing, invent nothing, fit, and are the same however the document comes."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.segment import SegmentDraft
from dify_hex.domain.knowledge.segmentation.segmenter import FULL_DOCUMENT_TOKENS, Segmenter
from dify_hex.domain.knowledge.settings import (
    DEFAULT_SEPARATORS,
    CleaningRules,
    ParentScope,
    SegmentationMode,
    SegmentationSettings,
)


def words(text: str) -> int:
    """Whitespace-separated words, Chinese characters one by one."""
    return len(re.findall(r"[一-鿿。！？；，]|[^\s一-鿿。！？；，]+", text))


def paragraph(text: str, page: int | None = None) -> Block:
    return Block(kind=BlockKind.PARAGRAPH, text=text, page=page)


def heading(text: str, level: int = 1, page: int | None = None) -> Block:
    return Block(kind=BlockKind.HEADING, text=text, level=level, page=page)


def segments(
    blocks: Sequence[Block], settings: SegmentationSettings, *, batch: int = 3
) -> list[SegmentDraft]:
    segmenter = Segmenter(settings, words)
    made: list[SegmentDraft] = []
    for start in range(0, len(blocks), batch):
        made.extend(segmenter.feed(blocks[start : start + batch]))
    return [*made, *segmenter.finish()]


def general(
    max_tokens: int = 20, overlap: int = 0, separators: tuple[str, ...] = DEFAULT_SEPARATORS
) -> SegmentationSettings:
    return SegmentationSettings(
        max_tokens=max_tokens, overlap_tokens=overlap, separators=separators
    )


def parents(scope: ParentScope, *, max_tokens: int = 40, child: int = 16) -> SegmentationSettings:
    return SegmentationSettings(
        mode=SegmentationMode.PARENT_CHILD,
        parent=scope,
        max_tokens=max_tokens,
        child_max_tokens=child,
    )


SENTENCE = "The quick brown fox jumps over the lazy dog again. "


class TestStructure:
    def test_a_heading_begins_a_segment_and_is_the_path_of_what_stands_under_it(self) -> None:
        made = segments(
            [
                paragraph("Before any heading."),
                heading("Report", 1),
                paragraph("Intro."),
                heading("Costs", 2),
                paragraph("Rent."),
                heading("Income", 2),
                paragraph("Sales."),
            ],
            general(),
        )

        assert [(one.headings, one.content) for one in made] == [
            ((), "Before any heading."),
            (("Report",), "Intro."),
            (("Report", "Costs"), "Rent."),
            (("Report", "Income"), "Sales."),
        ]

    def test_a_heading_with_nothing_under_it_is_a_segment(self) -> None:
        made = segments(
            [heading("Part", 1), heading("Left alone", 2, page=4), heading("End", 1)], general()
        )

        assert [(one.headings, one.content, one.first_page) for one in made] == [
            (("Part",), "Left alone", 4),
            ((), "End", None),
        ]

    def test_what_is_as_long_as_a_text_is_no_heading(self) -> None:
        made = segments([heading("word " * 100)], general(max_tokens=200))

        assert made[0].headings == ()
        assert words(made[0].content) == 100

    def test_short_blocks_are_put_together(self) -> None:
        made = segments([paragraph("one two"), paragraph("three"), paragraph("four")], general())

        assert [one.content for one in made] == ["one two\n\nthree\n\nfour"]

    def test_items_of_a_list_stand_in_lines(self) -> None:
        items = [Block(kind=BlockKind.LIST, text=text) for text in ("- a", "- b")]

        assert segments(items, general())[0].content == "- a\n- b"

    def test_pages_reach_from_the_first_to_the_last_block(self) -> None:
        made = segments([paragraph("one", 3), paragraph("two"), paragraph("three", 5)], general())

        assert (made[0].first_page, made[0].last_page) == (3, 5)

    def test_a_table_that_fits_stays_whole(self) -> None:
        table = Block(kind=BlockKind.TABLE, text="| a | b |\n| --- | --- |\n| 1 | 2 |")

        made = segments([paragraph("word " * 15), table], general())

        assert made[1].content == table.text

    def test_a_larger_table_is_cut_between_rows_under_its_head(self) -> None:
        rows = [f"| row{number} | {number} |" for number in range(10)]
        table = Block(kind=BlockKind.TABLE, text="\n".join(["| a | b |", "| --- | --- |", *rows]))

        made = segments([table], general(max_tokens=32))

        assert len(made) > 2
        assert all(one.content.startswith("| a | b |\n| --- | --- |\n| row") for one in made)
        assert [row for one in made for row in one.content.split("\n")[2:]] == rows

    def test_a_row_that_does_not_fit_is_cut_like_text(self) -> None:
        table = Block(
            kind=BlockKind.TABLE,
            text="| a |\n| --- |\n| short |\n| " + "word " * 60 + "|\n| last |",
        )

        made = segments([table], general(max_tokens=24))

        assert Counter(" ".join(one.content for one in made).split())["word"] == 60
        assert made[-1].content.endswith("| last |")

    @pytest.mark.parametrize(
        "text",
        [
            "no table at all " * 10,
            "| a |\nno rule\n" + "| x |\n" * 30,
            "| wide " * 40 + "|\n|-|\n|x|",
        ],
    )
    def test_what_only_looks_like_a_table_is_cut_like_text(self, text: str) -> None:
        made = segments([Block(kind=BlockKind.TABLE, text=text)], general(max_tokens=16))

        assert "".join("".join(one.content.split()) for one in made) == "".join(text.split())

    def test_code_is_cut_at_its_lines_and_keeps_its_indentation(self) -> None:
        code = "\n".join(f"    value_{number} = {number}" for number in range(20))

        made = segments([Block(kind=BlockKind.CODE, text=code)], general(max_tokens=18))

        assert "\n".join(one.content for one in made) == code


class TestSeparators:
    def test_those_of_the_settings_come_first(self) -> None:
        text = "a b c d e f g h i j; k l m n o p q r s t ## u v w x y z"

        made = segments([paragraph(text)], general(max_tokens=21, separators=("##",)))

        assert [one.content for one in made] == [text.partition(" u")[0], "u v w x y z"]

    def test_without_any_sentences_hold_together(self) -> None:
        made = segments([paragraph(SENTENCE * 9)], general(max_tokens=25, separators=()))

        assert all(one.content.endswith("again.") for one in made)

    def test_chinese_is_cut_at_its_full_stops(self) -> None:
        text = "今年的成本下降了百分之三。收入上升！为什么？因为我们更努力；也更聪明。" * 3

        made = segments([paragraph(text)], general(max_tokens=30, separators=()))

        assert all(one.content[-1] in "。！？；" for one in made)
        assert "".join(one.content for one in made) == text

    def test_a_text_without_any_border_is_cut_between_characters(self) -> None:
        segmenter = Segmenter(general(max_tokens=16), len)

        made = [*segmenter.feed([paragraph("x" * 100)]), *segmenter.finish()]

        assert [len(one.content) for one in made] == [16] * 6 + [4]

    def test_a_character_keeps_its_marks(self) -> None:
        segmenter = Segmenter(general(max_tokens=17), len)

        made = [*segmenter.feed([paragraph("e\u0301" * 40)]), *segmenter.finish()]

        assert all(one.content.startswith("e") for one in made)

    def test_marks_without_end_are_cut_all_the_same(self) -> None:
        segmenter = Segmenter(general(max_tokens=16), len)

        made = [*segmenter.feed([paragraph("e" + "\u0301" * 50)]), *segmenter.finish()]

        assert sum(len(one.content) for one in made) == 51


class TestOverlap:
    def test_neighbours_share_whole_sentences(self) -> None:
        text = " ".join(
            f"Sentence number {number} has exactly eight words here." for number in range(9)
        )

        made = segments([paragraph(text)], general(max_tokens=32, overlap=10))

        for before, after in pairwise(made):
            shared = after.content.partition(". ")[0] + "."
            assert before.content.endswith(shared)
            assert words(shared) <= 10

    def test_a_sentence_that_is_larger_is_not_shared(self) -> None:
        made = segments([paragraph(SENTENCE * 6)], general(max_tokens=24, overlap=5))

        assert sum(words(one.content) for one in made) == words(SENTENCE * 6)

    def test_sections_share_nothing(self) -> None:
        made = segments(
            [paragraph("One. Two. Three."), heading("Next"), paragraph("Four.")], general(overlap=5)
        )

        assert made[1].content == "Four."

    def test_tables_and_code_are_not_shared(self) -> None:
        code = Block(kind=BlockKind.CODE, text="a = 1\n" * 6)

        made = segments([code, paragraph("word " * 10)], general(overlap=8))

        assert made[1].content == ("word " * 10).strip()

    def test_what_is_shared_gives_way_to_what_is_new(self) -> None:
        made = segments(
            [paragraph("One two three. Four five."), paragraph("word " * 20)],
            general(max_tokens=20, overlap=8),
        )

        assert made[1].content == ("word " * 20).strip()

    def test_a_page_that_is_only_shared_does_not_count(self) -> None:
        made = segments(
            [paragraph("One two three. Four five.", 1), paragraph("word " * 17, 2)],
            general(max_tokens=20, overlap=8),
        )

        assert made[1].content.startswith("Four five.")
        assert made[1].first_page == 2


class TestParentsAndChildren:
    def test_children_are_cut_out_of_their_parent(self) -> None:
        made = segments([heading("Top"), paragraph(SENTENCE * 7)], parents(ParentScope.PARAGRAPH))

        assert len(made) == 2
        for parent in made:
            assert parent.headings == ("Top",)
            assert all(child.tokens <= 16 for child in parent.children)
            assert " ".join(child.content for child in parent.children) == parent.content

    def test_the_full_document_is_one_parent_headings_included(self) -> None:
        made = segments(
            [heading("Top"), paragraph(SENTENCE * 7, 1), heading("Next"), paragraph("End.", 2)],
            parents(ParentScope.FULL_DOCUMENT),
        )

        assert len(made) == 1
        assert made[0].headings == ()
        assert made[0].content.startswith("Top\n\nThe quick")
        assert made[0].content.endswith("Next\n\nEnd.")
        assert (made[0].first_page, made[0].last_page) == (1, 2)

    def test_a_document_that_is_too_long_for_one_parent_has_several(self) -> None:
        made = segments(
            [paragraph("word " * 900)] * 40, parents(ParentScope.FULL_DOCUMENT, child=500)
        )

        assert len(made) == 3
        assert all(one.tokens <= FULL_DOCUMENT_TOKENS for one in made)


class TestHashes:
    def test_the_hash_is_that_of_headings_and_content(self) -> None:
        made = segments([heading("A"), heading("B", 2), paragraph("text")], general())

        assert made[0].content_hash == sha256(b"A\x1fB\x1f\x1etext").digest()

    def test_segments_that_are_alike_are_numbered(self) -> None:
        made = segments([heading("A"), paragraph("x"), heading("A"), paragraph("x")] * 2, general())

        assert [one.occurrence for one in made] == [0, 1, 2, 3]


def test_a_vocabulary_that_counts_joints_as_more_still_fits() -> None:
    def measure(text: str) -> int:
        return len(text) + 5 * text.count("\n")

    segmenter = Segmenter(parents(ParentScope.PARAGRAPH, max_tokens=30), measure)
    made = [*segmenter.feed([paragraph("abcdefgh")] * 9), *segmenter.finish()]

    assert all(one.tokens <= 30 for one in made)
    assert all(child.tokens <= 16 for one in made for child in one.children)
    assert "".join("".join(one.content.split()) for one in made) == "abcdefgh" * 9


# ------------------------------------------------------------------------------------- properties

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
    settings = SegmentationSettings(
        mode=settings.mode,
        parent=settings.parent,
        separators=settings.separators,
        max_tokens=settings.max_tokens,
        overlap_tokens=shared,
        child_max_tokens=settings.child_max_tokens,
    )
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


class TestCleaning:
    def test_white_space_is_collapsed_but_not_in_code(self) -> None:
        blocks = [
            paragraph("a \t b\u3000c \n\n\n\n d\r\ne"),
            Block(kind=BlockKind.CODE, text="if x:\n    y  = 1"),
        ]

        assert segments(blocks, general())[0].content == "a b c\n\nd\ne\n\nif x:\n    y  = 1"

    def test_white_space_may_stay(self) -> None:
        settings = SegmentationSettings(cleaning=CleaningRules(collapse_whitespace=False))

        assert segments([paragraph("a  b")], settings)[0].content == "a  b"

    def test_addresses_can_be_left_out(self) -> None:
        settings = SegmentationSettings(cleaning=CleaningRules(remove_urls_and_emails=True))
        text = "See https://example.com/a?b=1中文 or WWW.example.org, ask ann.b@example.co.uk now"

        assert segments([paragraph(text)], settings)[0].content == "See 中文 or ask now"

    def test_what_cannot_be_seen_always_goes(self) -> None:
        assert segments([paragraph("a\x00b\ufeff\x1fc\ud800")], general())[0].content == "abc"

    def test_a_block_of_nothing_is_nothing(self) -> None:
        assert segments([paragraph(" \x00\n")], general()) == []
