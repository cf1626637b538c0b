"""Password hashes: salted, compared, renewed when the settings have changed."""

from collections.abc import Iterator

import pytest

from dify_hex.adapters.security.passwords import Argon2PasswordHasher

CHEAP = {"time_cost": 1, "memory_kib": 8}


@pytest.fixture
def hasher() -> Iterator[Argon2PasswordHasher]:
    hasher = Argon2PasswordHasher(**CHEAP)
    yield hasher
    hasher.close()


async def test_the_right_password_is_right_and_another_is_not(
    hasher: Argon2PasswordHasher,
) -> None:
    kept = await hasher.hash("tall-green-river-17")

    assert (await hasher.verify("tall-green-river-17", kept)).is_right
    assert not (await hasher.verify("tall-green-river-18", kept)).is_right


async def test_two_hashes_of_one_password_differ_and_show_nothing_of_it(
    hasher: Argon2PasswordHasher,
) -> None:
    first, second = await hasher.hash("river"), await hasher.hash("river")

    assert first != second
    assert first.startswith("$argon2id$")
    assert "river" not in first


async def test_a_hash_of_weaker_settings_is_right_and_comes_with_a_stronger_one(
    hasher: Argon2PasswordHasher,
) -> None:
    stronger = Argon2PasswordHasher(time_cost=2, memory_kib=16)
    kept = await hasher.hash("river")

    check = await stronger.verify("river", kept)

    assert check.is_right
    assert check.stronger_hash is not None
    assert (await stronger.verify("river", check.stronger_hash)).stronger_hash is None
    stronger.close()


async def test_without_a_hash_or_with_a_strange_one_no_password_is_right(
    hasher: Argon2PasswordHasher,
) -> None:
    for kept in (None, None, "", "md5:0"):
        check = await hasher.verify("river", kept)
        assert (check.is_right, check.stronger_hash) == (False, None)
