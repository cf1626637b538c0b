"""A text is decoded as it was written, whatever it was written in."""

import codecs
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.extraction.text.encoding import EncodingDetector, decoded

SIMPLIFIED = "今天天气很好，我们去公园散步。成本下降了百分之三，收入上升。"
TRADITIONAL = "今天天氣很好，我們去公園散步。成本下降了百分之三，收入上升。"
JAPANESE = "今日は天気がいいので、公園を散歩しました。コストは三パーセント下がった。"
FRENCH = "Été à la plage, où les garçons mangent des crêpes près du château. "
RUSSIAN = "Сегодня хорошая погода, мы пошли гулять в парк. "


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SIMPLIFIED, "gbk"),
        (SIMPLIFIED, "gb18030"),
        ("甲。", "gbk"),
        ("第1章 总则", "gbk"),
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (FRENCH, "latin-1"),
        (RUSSIAN, "cp1251"),
        (SIMPLIFIED, "utf-8"),
        (SIMPLIFIED, "utf-8-sig"),
        (SIMPLIFIED, "utf-16"),
        (SIMPLIFIED, "utf-32"),
        ("plain English text", "utf-16-le"),
        ("plain English text", "utf-16-be"),
        ("plain English text", "ascii"),
    ],
)
def test_texts_of_every_encoding_come_out_as_they_were(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


def test_an_old_encoding_far_into_the_file_is_found() -> None:
    content = b"ASCII at first.\n" * 20_000 + SIMPLIFIED.encode("gbk")

    assert decoded(content).endswith(SIMPLIFIED)


def test_what_a_document_says_of_itself_is_believed_where_it_fits() -> None:
    assert decoded("Žluťoučký kůň".encode("iso8859-2"), "iso8859-2") == "Žluťoučký kůň"
    assert decoded(SIMPLIFIED.encode("gbk"), "big5-of-some-kind") == SIMPLIFIED
    assert decoded(SIMPLIFIED.encode(), "gbk") == SIMPLIFIED


def test_a_few_damaged_characters_leave_it_utf_8() -> None:
    content = (SIMPLIFIED * 20).encode()
    damaged = content[:301] + content[302:]

    text = decoded(damaged)

    assert "\ufffd" in text
    assert text.count("公园散步") == 19


def test_bytes_that_are_no_text_at_all_do_not_stop_it() -> None:
    assert decoded(bytes(range(128, 256)) * 4)


@given(st.text(min_size=1), st.integers(1, 7))
def test_utf_8_is_known_however_it_is_cut(text: str, size: int) -> None:
    content = codecs.BOM_UTF8 + text.encode("utf-8", "replace")
    detector = EncodingDetector()

    for start in range(0, len(content), size):
        detector.feed(content[start : start + size])

    assert detector.encoding() == "utf-8-sig"


def test_a_line_without_end_is_looked_at_once() -> None:
    content = b"x" * 300_000 + b"\n" + SIMPLIFIED.encode("gbk") + b" " + b"y" * 300_000

    begun = process_time()
    text = decoded(content)

    assert SIMPLIFIED in text
    assert process_time() - begun < 5
