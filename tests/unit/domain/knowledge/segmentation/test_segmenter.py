"""Documents are cut at their structure first, and at the borders of their text then."""

from collections import Counter
from hashlib import sha256
from itertools import pairwise

import pytest

from dify_hex.domain.knowledge.block import Block, BlockKind
from dify_hex.domain.knowledge.segmentation.segmenter import FULL_DOCUMENT_TOKENS, Segmenter
from dify_hex.domain.knowledge.settings import ParentScope
from tests.builders.segmentation import general, heading, paragraph, parents, segments, words

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
