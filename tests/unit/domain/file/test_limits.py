"""How large files may be, and how long they are kept."""

from datetime import timedelta

import pytest

from dify_hex.domain.file.errors import (
    FileLifetimeInvalid,
    FileTooLarge,
    FileTypeUnsupported,
)
from dify_hex.domain.file.limits import MEGABYTE, SHORTEST_LIFETIME, FileLimits
from dify_hex.domain.shared.values.file_reference import FileKind
from tests.builders.file import NOW, PNG_TYPE

DAY = timedelta(days=1)


def test_each_kind_has_its_own_limit() -> None:
    limits = FileLimits()

    limits.check_size(FileKind.VIDEO, 100 * MEGABYTE)
    with pytest.raises(FileTooLarge) as refused:
        limits.check_size(FileKind.IMAGE, 10 * MEGABYTE + 1)

    assert refused.value.details == {"kind": "image", "limit_bytes": 10 * MEGABYTE}
    assert limits.largest == 100 * MEGABYTE


def test_blocked_extensions_are_refused() -> None:
    FileLimits().check_type(PNG_TYPE)
    with pytest.raises(FileTypeUnsupported):
        FileLimits(blocked_extensions=frozenset({"png"})).check_type(PNG_TYPE)


@pytest.mark.parametrize(
    ("longest", "wanted", "kept"),
    [
        (None, None, None),
        (None, DAY, DAY),
        (DAY, None, DAY),
        (DAY, timedelta(minutes=1), timedelta(minutes=1)),
        (DAY, DAY, DAY),
    ],
)
def test_a_file_is_kept_for_as_long_as_both_sides_want(
    longest: timedelta | None, wanted: timedelta | None, kept: timedelta | None
) -> None:
    expiry = FileLimits(longest_lifetime=longest).expiry(wanted, now=NOW)

    assert expiry == (None if kept is None else NOW + kept)


@pytest.mark.parametrize(
    ("longest", "wanted"),
    [(None, timedelta(seconds=59)), (DAY, timedelta(seconds=1)), (DAY, 2 * DAY)],
)
def test_a_lifetime_that_is_too_short_or_too_long_is_refused(
    longest: timedelta | None, wanted: timedelta
) -> None:
    with pytest.raises(FileLifetimeInvalid):
        FileLimits(longest_lifetime=longest).expiry(wanted, now=NOW)


@pytest.mark.parametrize(
    ("longest", "wanted", "nearest"),
    [
        (None, 2 * DAY, 2 * DAY),
        (DAY, 2 * DAY, DAY),
        (DAY, timedelta(seconds=1), SHORTEST_LIFETIME),
    ],
)
def test_the_nearest_lifetime_is_one_that_is_taken(
    longest: timedelta | None, wanted: timedelta, nearest: timedelta
) -> None:
    limits = FileLimits(longest_lifetime=longest)

    assert limits.lifetime_within(wanted) == nearest
    assert limits.expiry(nearest, now=NOW) == NOW + nearest
