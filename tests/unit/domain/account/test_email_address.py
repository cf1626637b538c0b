"""Addresses that are the same mailbox are equal; what is no address is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.account.email_address import EmailAddress
from dify_hex.domain.account.errors import InvalidEmail


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("  Ada@Example.COM ", "ada@example.com"),
        ("ada+test@sub.example.co.uk", "ada+test@sub.example.co.uk"),
        ("root@localhost", "root@localhost"),
        ("用户@例子.公司", "用户@例子.公司"),
        ("ａda@example.com", "ada@example.com"),
    ],
)
def test_an_address_is_written_one_way(typed: str, normal: str) -> None:
    assert EmailAddress.parse(typed) == EmailAddress(normal)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a@b@example.com",
        "a da@example.com",
        "ada@-example.com",
        "ada@example..com",
        "ada@example.com\nbcc: x@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "a" * 250 + ".com",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEmail):
        EmailAddress.parse(typed)


def test_the_local_part_stands_before_the_sign() -> None:
    assert EmailAddress("ada@example.com").local_part == "ada"


@given(st.text(max_size=80))
def test_parsing_twice_is_parsing_once(typed: str) -> None:
    try:
        once = EmailAddress.parse(typed)
    except InvalidEmail:
        return
    assert EmailAddress.parse(once.text) == once
