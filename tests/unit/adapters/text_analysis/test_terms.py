"""What a text is found by."""

import asyncio
import subprocess
import sys
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.adapters.text_analysis.analyser import WordAnalyser
from dify_hex.adapters.text_analysis.terms import LONGEST_TERM, STOP_WORDS

ANALYSER = WordAnalyser()


def terms(text: str) -> list[str]:
    [found] = asyncio.run(_terms([text]))
    return found


async def _terms(texts: list[str]) -> list[list[str]]:
    return [list(each) for each in await ANALYSER.terms(texts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The runner was running; runs!", ["runner", "run", "run"]),
        ("connections connected", ["connect", "connect"]),
        ("Ann's book, don’t", ["ann", "book", "don"]),
        ("Café CAFE\u0301 ＣＡＦＥ", ["cafe", "cafe", "cafe"]),
        ("Straße", ["strass"]),
        ("1,042 items, 3.14 and 2026", ["1042", "item", "3.14", "2026"]),
        ("error ERR-1042", ["error", "err-1042", "err", "1042"]),
        ("v1.2.3", ["v1.2.3", "v1", "2", "3"]),
        ("os.path.join", ["os.path.join", "os", "path", "join"]),
        ("max_tokens", ["max_tokens", "max", "token"]),
        ("a state-of-the-art idea", ["state", "art", "idea"]),
        ("C++ and C# and F#", ["cpp", "csharp", "fsharp"]),
        ("Привет, Мир", ["привет", "мир"]),
        ("カメラ", ["カメ", "メラ"]),
        ("", []),
        ("… — !", []),
        ("to be or not to be", []),
    ],
)
def test_terms_of_a_text(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


def test_chinese_is_found_by_words_and_by_the_words_inside_them() -> None:
    found = terms("北京大学的研究生在学习机器学习")
    assert {"北京", "大学", "北京大学", "研究生", "机器", "学习"} <= set(found)
    assert "的" not in found


def test_both_languages_in_one_sentence() -> None:
    assert set(terms("使用PostgreSQL数据库的connections")) >= {
        "使用",
        "postgresql",
        "数据库",
        "connect",
    }


def test_a_question_has_the_terms_of_its_answer() -> None:
    question = terms("How are connections pooled?")
    assert set(terms("The pool of a connection")) & set(question) == {"connect", "pool"}


def test_many_texts_keep_their_order() -> None:
    found = asyncio.run(_terms([f"word{each}" for each in range(100)]))
    assert found == [[f"word{each}"] for each in range(100)]


@given(st.text(max_size=200))
def test_any_text_has_terms_of_bounded_length_and_no_stop_words(text: str) -> None:
    for term in terms(text):
        assert 0 < len(term) <= LONGEST_TERM
        assert term not in STOP_WORDS
        assert term == term.casefold()


@pytest.mark.parametrize(
    "text", ["1" * 200_000 + "a", "1." * 100_000, "a-" * 100_000, "中" * 50_000]
)
def test_no_text_takes_long(text: str) -> None:
    # What takes the square of its length takes hours.
    begun = perf_counter()
    terms(text)
    assert perf_counter() - begun < 30


def test_nothing_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from dify_hex.adapters.text_analysis.analyser import WordAnalyser;"
        "WordAnalyser(); print({'rjieba', 'snowballstemmer'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
