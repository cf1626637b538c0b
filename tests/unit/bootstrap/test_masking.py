"""Planted canaries: none of them may be found in what is logged."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.bootstrap.masking import (
    MAX_TEXT,
    is_bank_card,
    is_identity_card,
    mask_event,
    mask_text,
)

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4fwpM"
IDENTITY_CARD = "11010519491231002X"
BANK_CARD = "4111111111111111"

CANARIES = [
    ("sk-live-abcdefghijkl9876", "sk-l***9876"),
    ("pk-abcdefgh12345678", "pk-a***5678"),
    (f"token {JWT}", "token eyJh***fwpM"),
    ("Authorization: Bearer abcdefghijklmnop1234", "Bearer abcd***1234"),
    ("Basic dXNlcjpwYXNzd29yZA==", "Basic dXNl***ZA=="),
    ("/v1/apps?api_key=mysecretvalue99&page=1", "/v1/apps?api_key=***&page=1"),
    ("/files/1?expires=3&signature=AbCdEf-_1", "/files/1?expires=3&signature=***"),
    ("password=hunter2 next", "password=*** next"),
    ('{"client_secret": "s3cr3t"}', '{"client_secret": "***"}'),
    ("refresh_token=abc", "refresh_token=***"),
    ("postgresql://app:pa55word@db:5432/x", "postgresql://app:***@db:5432/x"),
    ("redis://:pa55word@cache:6379/0", "redis://:***@cache:6379/0"),
    ("write to jane.doe@example.co.uk now", "write to j***@example.co.uk now"),
    ("call 13812345678", "call 138***5678"),
    ("call +86 138 1234 5678", "***5678"),
    ("call +1 415 555 2671", "***2671"),
    (f"id {IDENTITY_CARD}", "id 110***002X"),
    (f"card {BANK_CARD}", "card ***1111"),
    ("card 4111 1111 1111 1111", "card ***1111"),
    ("card 4111-1111-1111-1111.", "card ***1111."),
]


@pytest.mark.parametrize(("text", "expected"), CANARIES)
def test_a_canary_is_masked_and_the_rest_kept(text: str, expected: str) -> None:
    assert expected in mask_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de",
        "01912345-1234-7123-8123-123456789012",
        "req_019aa0f07c1e7d8ea6a71f0e52a4c0de",
        "2026-11-21T04:58:36.786023Z",
        "4111111111111112",
        "110105194912310021",
        "/v1/workflow-runs/019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de/events",
        "http://127.0.0.1:8000/v1/apps",
        "version 12345678 of 3",
        "task-sk is not a key",
    ],
)
def test_what_is_nobodys_secret_stays_readable(text: str) -> None:
    assert mask_text(text) == text


def test_a_name_that_says_secret_hides_its_value_at_any_depth() -> None:
    event: dict[str, Any] = {
        "event": "x",
        "password": "hunter2",
        "api_key": 12345,
        "headers": {"Authorization": "Token abc", "Set-Cookie": ["a=b"], "accept": "*/*"},
        "outer": [{"inner": ({"client_secret": {"deep": "value"}},)}],
        "secret": None,
        "prompt_tokens": 17,
    }

    masked = mask_event(None, "", event)

    assert masked["password"] == "***"
    assert masked["api_key"] == "***"
    assert masked["headers"] == {"Authorization": "***", "Set-Cookie": "***", "accept": "*/*"}
    assert masked["outer"] == [{"inner": [{"client_secret": "***"}]}]
    assert masked["secret"] is None
    assert masked["prompt_tokens"] == 17


def test_values_of_every_kind_are_looked_into() -> None:
    class Shown:
        def __str__(self) -> str:
            return "Bearer abcdefghijklmnop1234"

    masked = mask_event(
        None,
        "",
        {
            "number": 13812345678,
            "bytes": b"sk-live-abcdefghijkl9876",
            "object": Shown(),
            "flag": True,
            "ratio": 0.5,
            "none": [None, False],
            "jane@example.com": {"jane@example.com": 1},
        },
    )

    assert masked["number"] == "138***5678"
    assert masked["bytes"] == "sk-l***9876"
    assert masked["object"] == "Bearer abcd***1234"
    assert (masked["flag"], masked["ratio"], masked["none"]) == (True, 0.5, [None, False])


def test_a_bottomless_value_ends() -> None:
    deep: list[Any] = []
    for _ in range(50):
        deep = [deep]

    assert "***" in str(mask_event(None, "", {"deep": deep}))


def test_a_long_text_is_cut_before_it_is_searched() -> None:
    masked = mask_text("x" * (MAX_TEXT + 1))

    assert masked.endswith(f"({MAX_TEXT + 1} characters)")
    assert len(masked) < MAX_TEXT + 50


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask_text(text)

    assert mask_text(once) == once


@given(st.from_regex(r"sk-[A-Za-z0-9]{20,40}", fullmatch=True), st.text(max_size=20))
def test_no_key_survives(key: str, around: str) -> None:
    assert key not in mask_text(f"{around} {key} {around}")


def test_checksums_are_those_of_the_standards() -> None:
    assert is_identity_card(IDENTITY_CARD)
    assert is_identity_card(IDENTITY_CARD.lower())
    assert not is_identity_card("110105194912310020")
    assert is_bank_card(BANK_CARD)
    assert not is_bank_card("4111111111111112")
