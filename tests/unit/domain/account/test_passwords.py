"""Which passwords are refused, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import WeakPassword
from dify_hex.domain.account.passwords import check_password, normal_password
from tests.builders.account import EMAIL


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-one", "too_short"),
        ("x" * 257, "too_long"),
        ("abababababab", "too_uniform"),
        ("password12345", "common"),
        ("P@ssw0rd!2026!", "common"),
        ("LetMeInLetMeIn1", "common"),
        ("administrator1", "common"),
        ("abcdefghijklmnop", "sequence"),
        ("qwertyuiopasdf", "sequence"),
        ("9876543210987", "sequence"),
        ("lovelace-2026", "contains_email"),
    ],
)
def test_a_password_that_is_guessed_early_is_refused(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        check_password(password, EmailAddress("lovelace@example.com"))
    assert refused.value.details["reason"] == reason


@pytest.mark.parametrize(
    "password",
    [
        "tall-green-river-17",
        "correct horse battery",
        "密码要长一点才好猜不到呢",
        "ada-runs-engines",
        "xK3$mmq8vT2!",
        "lovelace-counts-the-stars",
    ],
)
def test_a_password_that_is_hard_to_guess_is_taken(password: str) -> None:
    check_password(password, EmailAddress("lovelace@example.com"))
    check_password(password, EMAIL)


def test_the_same_characters_are_the_same_password_however_they_were_composed() -> None:
    assert normal_password("cafe\u0301") == normal_password("caf\u00e9")


@given(st.text(max_size=300))
def test_whatever_is_typed_is_taken_or_refused_and_never_breaks(password: str) -> None:
    try:
        check_password(password, EMAIL)
    except WeakPassword:
        return
    assert 12 <= len(normal_password(password)) <= 256
