"""Texts become blocks while they come in, the same ones in whatever pieces."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.extraction.text.markdown import MarkdownSplitter
from dify_hex.adapters.extraction.text.splitters import (
    LARGEST_BLOCK,
    JsonSplitter,
    ParagraphSplitter,
    TextSplitter,
)
from dify_hex.adapters.extraction.text.tables import SeparatedValuesSplitter
from dify_hex.domain.knowledge.block import Block, BlockKind


def blocks(splitter: TextSplitter, text: str, size: int = 10**9) -> list[Block]:
    made: list[Block] = []
    for start in range(0, len(text), size):
        made.extend(splitter.feed(text[start : start + size]))
    return [*made, *splitter.finish()]


def plain(splitter: TextSplitter, text: str) -> list[tuple[str, str]]:
    return [(block.kind.value, block.text) for block in blocks(splitter, text)]


class TestParagraphs:
    def test_empty_lines_part_them(self) -> None:
        assert plain(ParagraphSplitter(), "one\nstill one\n \n\ntwo\n") == [
            ("paragraph", "one\nstill one"),
            ("paragraph", "two\n"),
        ]

    def test_code_keeps_its_indentation(self) -> None:
        made = plain(ParagraphSplitter(BlockKind.CODE), "def f():\n\n    return 1")

        assert made == [("code", "def f():"), ("code", "    return 1")]

    def test_a_line_without_end_is_cut_at_a_space(self) -> None:
        made = blocks(ParagraphSplitter(), "word " * 10_000, size=3_000)

        assert all(len(block.text) <= LARGEST_BLOCK for block in made)
        assert "".join(block.text for block in made).count("word ") == 10_000

    def test_a_line_without_spaces_is_cut_anywhere(self) -> None:
        made = blocks(ParagraphSplitter(), "x" * 20_000)

        assert [len(block.text) for block in made] == [8_000, 8_000, 4_000]


class TestMarkdown:
    def test_the_structure_is_seen(self) -> None:
        text = (
            "# Top #\n\nText with\ntwo lines.\n## Inner\n- one\n- two\n  goes on\n\n"
            "```python\n# no heading\n\nx = 1\n```\nUnder\n=====\nlast"
        )

        made = blocks(MarkdownSplitter(), text)

        assert [(block.kind.value, block.level, block.text) for block in made] == [
            ("heading", 1, "Top"),
            ("paragraph", 0, "Text with\ntwo lines."),
            ("heading", 2, "Inner"),
            ("list", 0, "- one\n- two\n  goes on"),
            ("code", 0, "# no heading\n\nx = 1"),
            ("heading", 1, "Under"),
            ("paragraph", 0, "last"),
        ]

    def test_a_table_ends_where_its_bars_do(self) -> None:
        made = plain(MarkdownSplitter(), "Before\na | b\n--- | ---\n1 | 2\nafter\n")

        assert made == [
            ("paragraph", "Before"),
            ("table", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
            ("paragraph", "after"),
        ]

    def test_a_long_table_is_several_with_the_same_head(self) -> None:
        made = blocks(MarkdownSplitter(), "| a | b |\n| - | - |\n" + "| 1 | 2 |\n" * 2_000)

        assert len(made) == 3
        assert all(block.text.startswith("| a | b |\n| - | - |\n| 1 |") for block in made)

    @pytest.mark.parametrize("line", ["#hashtag", "####### seven", "---", "#"])
    def test_what_only_looks_like_a_heading_is_none(self, line: str) -> None:
        made = blocks(MarkdownSplitter(), f"\n{line}\n")

        assert all(block.kind is not BlockKind.HEADING for block in made)

    def test_a_head_that_is_long_stands_there_once(self) -> None:
        head = "|" + " name |" * 400
        text = f"{head}\n|{' - |' * 400}\n" + "| 1 |\n" * 10_000

        made = blocks(MarkdownSplitter(), text)

        assert sum(block.text.count("name") for block in made) == 400
        assert sum(len(block.text) + 1 for block in made) <= len(text) + len(made)

    def test_a_line_of_bars_without_end_is_cut_like_text(self) -> None:
        text = "|a" * 100_000 + "\n|-|\n" + "| 1 |\n" * 1_000

        made = blocks(MarkdownSplitter(), text)

        assert all(len(block.text) <= 2 * LARGEST_BLOCK for block in made)
        assert sum(len(block.text) for block in made) <= len(text)

    def test_code_that_is_not_closed_goes_on_to_the_end(self) -> None:
        assert plain(MarkdownSplitter(), "~~~\n# a\n```\nb") == [("code", "# a\n```\nb")]

    def test_a_heading_without_text_is_none(self) -> None:
        assert plain(MarkdownSplitter(), "## \n\ntext") == [("paragraph", "text")]

    def test_a_heading_may_end_with_the_name_of_a_language(self) -> None:
        assert plain(MarkdownSplitter(), "# About C#") == [("heading", "About C#")]


class TestSeparatedValues:
    def test_rows_become_a_table(self) -> None:
        made = plain(SeparatedValuesSplitter(), 'city,note\n北京,"a, b"\n\nParis,"two\nlines|"\n')

        assert made == [
            ("table", "| city | note |\n| --- | --- |\n| 北京 | a, b |\n| Paris | two lines\\| |")
        ]

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_the_delimiter_is_found(self, delimiter: str) -> None:
        made = plain(SeparatedValuesSplitter(), delimiter.join("ab") + delimiter + "c,d")

        assert made == [("table", "| a | b | c,d |\n| --- | --- | --- |")]

    def test_a_head_alone_is_a_table(self) -> None:
        assert plain(SeparatedValuesSplitter("\t"), "a\tb") == [
            ("table", "| a | b |\n| --- | --- |")
        ]

    def test_many_rows_are_several_tables_with_the_same_head(self) -> None:
        rows = "".join(f"city-{number},{number}\n" for number in range(2_000))

        made = blocks(SeparatedValuesSplitter(), "city,number\n" + rows, size=1_000)

        assert all(block.text.startswith("| city | number |\n| --- | --- |") for block in made)
        assert sum(block.text.count("| city-") for block in made) == 2_000

    def test_a_head_of_many_columns_stands_there_once(self) -> None:
        row = "c," * 30_000 + "\n"

        made = blocks(SeparatedValuesSplitter(), row + "1,2\n" * 20_000)

        assert sum(block.text.count("c") for block in made) == 30_000
        assert all(len(block.text) <= 2 * LARGEST_BLOCK for block in made)

    def test_a_wide_head_stands_over_the_first_rows(self) -> None:
        head = ",".join(f"column {number}" for number in range(300))

        made = blocks(SeparatedValuesSplitter(), head + "\n" + "1,2\n" * 5_000)

        assert made[0].text.startswith("| column 0 | column 1 |")
        assert made[0].text.count("| --- ") == 300
        assert made[1].text.startswith("| 1 | 2 |")
        assert all(block.kind is BlockKind.TABLE for block in made)

    def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest(self) -> None:
        made = blocks(SeparatedValuesSplitter(), 'a,b\n1,"2\n' + "x,y\n" * 40_000)

        assert sum(block.text.count("x") for block in made) == 40_000
        assert len(made) > 10

    def test_a_cell_of_any_size_is_cut_like_text(self) -> None:
        made = blocks(SeparatedValuesSplitter(), "a,b\n1," + "word " * 30_000, size=5_000)

        assert all(len(block.text) <= 2 * LARGEST_BLOCK for block in made)
        assert sum(block.text.count("word") for block in made) == 30_000


class TestJson:
    def test_it_is_written_so_that_it_can_be_read(self) -> None:
        made = plain(JsonSplitter(), '{"city":"\\u5317\\u4eac","n":[1,2]}')

        assert made == [("code", '{\n "city": "北京",\n "n": [\n  1,\n  2\n ]\n}')]

    def test_lines_of_values_stay_lines(self) -> None:
        made = plain(JsonSplitter(), '{"a":"\\u5317"}\n{"a":2}\nno json')

        assert made == [("code", '{"a": "北"}\n{"a": 2}\nno json')]

    def test_deep_values_stand_on_one_line(self) -> None:
        (made,) = blocks(JsonSplitter(), "[" * 9 + '1,{"a":[2]}' + "]" * 9)

        assert '\n        [1, {"a": [2]}]\n' in made.text

    def test_what_is_nested_without_end_stays_as_it_is(self) -> None:
        text = "[" * 900 + "1," * 90_000 + "1" + "]" * 900

        made = blocks(JsonSplitter(), text)

        assert "".join(block.text for block in made) == text

    @given(st.integers(0, 100), st.integers(1, 3_000))
    def test_it_grows_in_proportion(self, depth: int, values: int) -> None:
        text = "[" * depth + "[" + "1," * values + "1]" + "]" * depth

        made = blocks(JsonSplitter(), text)

        assert sum(len(block.text) for block in made) <= 6 * len(text)

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=30,
        )
    )
    def test_it_says_what_it_said(self, value: object) -> None:
        text = json.dumps(value)

        made = "".join(block.text for block in blocks(JsonSplitter(), text))

        assert json.loads(made) == value

    @pytest.mark.parametrize("text", ["[" * 100_000, '{"a":', "just text"])
    def test_what_is_none_stays_as_it_is(self, text: str) -> None:
        assert "".join(text for _, text in plain(JsonSplitter(), text)) == text

    def test_what_is_too_long_stays_as_it_is(self) -> None:
        text = '["\\u5317"' + ', "more"' * 300_000 + "]"

        made = blocks(JsonSplitter(), text, size=100_000)

        assert made[0].text.startswith('["\\u5317", "more"')
        assert sum(len(block.text) for block in made) == len(text)


LINE = ["# a", "text", "- item", "| a | b |", "| - | - |", "```", "", "  ", 'x,"y', "=="]
LINES = st.lists(st.sampled_from(LINE), max_size=30).map("\n".join)


@pytest.mark.parametrize(
    "make", [ParagraphSplitter, MarkdownSplitter, SeparatedValuesSplitter, JsonSplitter]
)
@given(text=LINES, size=st.integers(1, 9))
def test_pieces_make_no_difference(make: Callable[[], TextSplitter], text: str, size: int) -> None:
    assert blocks(make(), text, size) == blocks(make(), text)


@given(LINES)
def test_markdown_loses_nothing_but_marks(text: str) -> None:
    made = "".join(block.text for block in blocks(MarkdownSplitter(), text))

    for word in ("text", "item", "x"):
        assert made.count(word) == text.count(word)
