"""A name shows all of itself, in the order in which it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.visible_text import is_hidden, shows_something, visible_name


@pytest.mark.parametrize(
    "name",
    [
        "Help desk",
        "客服中心",
        "می\u200cخواهم",
        "क्\u200dष",
        "👩\u200d🚀 crew",
        "❤\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "e\u0301tude",
        "עברית",
    ],
)
def test_every_script_and_emoji_is_welcome(name: str) -> None:
    assert visible_name(f"  {name} ", most=100) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " \t ",
        "a\nb",
        "a\0b",
        "a\x1bb",
        "a\x85b",
        "a\u2028b",
        *(f"a{chr(code)}b" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))),
        "\u200b",
        "\u200d\u200c\ufeff",
        "\ufe0f",
        "\u3164",
        "\u2800 \u2800",
        "\u00ad",
        "\ud800",
        "x" * 101,
    ],
)
def test_what_hides_something_or_shows_nothing_is_no_name(name: str) -> None:
    assert visible_name(name, most=100) is None


@given(st.text(max_size=120))
def test_a_name_is_its_own_name(text: str) -> None:
    name = visible_name(text, most=100)
    if name is not None:
        assert visible_name(name, most=100) == name
        assert shows_something(name)
        assert not any(map(is_hidden, name))
