"""Names are one visible line; slugs are made from them."""

from uuid import UUID

import pytest

from dify_hex.domain.account.errors import InvalidName
from dify_hex.domain.account.names import checked_name, slug_of

TENANT = UUID("019aa0f0-0000-7000-8000-0000cafe0001")


@pytest.mark.parametrize("name", ["Ada", " Ada Lovelace ", "埃达", "نرم\u200cافزار", "x" * 100])
def test_a_name_is_kept_without_the_space_around_it(name: str) -> None:
    assert checked_name(name) == name.strip()


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 101, "a\nb", "a\x00b", "a\u202eb", "a\u2028b", "a\ud800b", "a\u200bb"]
)
def test_what_cannot_be_seen_is_no_name(name: str) -> None:
    with pytest.raises(InvalidName):
        checked_name(name)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Analytical Engines, Ltd.", "analytical-engines-ltd-cafe0001"),
        ("Café Ünïcode", "cafe-unicode-cafe0001"),
        ("分析机", "tenant-cafe0001"),
        ("x" * 60, "x" * 40 + "-cafe0001"),
    ],
)
def test_a_slug_is_made_of_the_name_and_the_end_of_the_id(name: str, slug: str) -> None:
    assert slug_of(name, TENANT) == slug
