"""Counting hashes in little memory gives the numbers that a dictionary gives."""

from collections import Counter
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.knowledge.segmentation.digests import DigestCounts, content_hash


@given(st.lists(st.integers(0, 40), max_size=200))
def test_each_hash_is_counted(values: list[int]) -> None:
    counts, expected = DigestCounts(), Counter[int]()

    for value in values:
        assert counts.seen(sha256(bytes([value])).digest()) == expected[value]
        expected[value] += 1


def test_many_hashes_are_kept_apart() -> None:
    counts = DigestCounts()
    digests = [sha256(str(number).encode()).digest() for number in range(5000)]

    assert [counts.seen(digest) for digest in digests] == [0] * 5000
    assert [counts.seen(digest) for digest in digests] == [1] * 5000


def test_a_hash_of_noughts_is_one_like_any_other() -> None:
    counts = DigestCounts()

    assert [counts.seen(bytes(32)), counts.seen(bytes(32))] == [0, 1]


def test_headings_and_content_are_not_mixed_up() -> None:
    assert content_hash("b", ["a"]) != content_hash("a", ["b"]) != content_hash("ab", [])
