"""The slug: it reads like the name, and is the app's own."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.app.slug import is_slug, slug_for

APP_ID = UUID("019aa0f0-7c1e-7d8e-a6a7-1f0e52a4c0de")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Support bot", "support-bot-52a4c0de"),
        ("  Crème brûlée!! ", "creme-brulee-52a4c0de"),
        ("客服", "app-52a4c0de"),
    ],
)
def test_a_slug_reads_like_the_name(name: str, slug: str) -> None:
    assert slug_for(name, APP_ID) == slug


@given(st.text(max_size=200), st.uuids())
def test_every_name_gives_a_slug(name: str, app_id: UUID) -> None:
    assert is_slug(slug_for(name, app_id))


@pytest.mark.parametrize("text", ["ab", "a" * 81, "A-b", "-ab", "ab-", "a--b", "a_b", "é-b", ""])
def test_what_is_no_slug(text: str) -> None:
    assert not is_slug(text)
