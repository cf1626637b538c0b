"""Metadata are declared once per Knowledge, and values fit what is declared."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.knowledge.errors import MetadataInvalid
from dify_hex.domain.knowledge.metadata import (
    MAX_FIELDS,
    MetadataField,
    MetadataType,
    MetadataValue,
    checked_fields,
    checked_values,
)

AUTHOR = MetadataField(name="author", type=MetadataType.STRING)
EDITION = MetadataField(name="edition", type=MetadataType.NUMBER)
PUBLISHED = MetadataField(name="published", type=MetadataType.TIME)
EARLIEST = datetime(1000, 1, 2, tzinfo=UTC).replace(tzinfo=None)
FIELDS = (AUTHOR, EDITION, PUBLISHED)


def codes(error: MetadataInvalid) -> list[str]:
    return [fault.code for fault in error.faults]


def test_fields_are_declared_in_their_order() -> None:
    assert checked_fields(iter(FIELDS)) == FIELDS


def test_names_are_short_bare_and_used_once() -> None:
    names = ("author", "author", " spaced", "", "x" * 101)
    fields = [MetadataField(name=name, type=MetadataType.STRING) for name in names]
    with pytest.raises(MetadataInvalid) as refused:
        checked_fields(fields)
    assert codes(refused.value) == ["metadata_name_repeated"] + ["metadata_name_invalid"] * 3


def test_there_are_not_too_many_fields() -> None:
    fields = [
        MetadataField(name=str(number), type=MetadataType.STRING)
        for number in range(MAX_FIELDS + 1)
    ]
    with pytest.raises(MetadataInvalid) as refused:
        checked_fields(fields)
    assert codes(refused.value) == ["too_many"]


def test_values_are_kept_as_they_are_compared() -> None:
    moment = datetime(2026, 11, 21, 14, tzinfo=timezone(timedelta(hours=2)))
    values: dict[str, MetadataValue | datetime] = {"author": "Ada", "edition": 2}
    assert checked_values(FIELDS, {**values, "published": moment}) == {
        "author": "Ada",
        "edition": 2,
        "published": "2026-11-21T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("author", 3),
        ("author", "x" * 1001),
        ("edition", "two"),
        ("edition", True),
        ("edition", float("nan")),
        ("published", "yesterday"),
        ("published", "2026-11-21T12:00:00"),
        ("published", "0001-01-01T00:00:00+14:00"),
        ("published", "0900-01-01T00:00:00Z"),
        ("published", 7),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: str | float) -> None:
    with pytest.raises(MetadataInvalid) as refused:
        checked_values(FIELDS, {name: value})
    assert codes(refused.value) == ["metadata_value_invalid"]
    assert refused.value.faults[0].path == f"metadata.{name}"


def test_a_field_that_nobody_declared_is_refused_beside_the_others() -> None:
    with pytest.raises(MetadataInvalid) as refused:
        checked_values(FIELDS, {"colour": "red", "edition": "two"})
    assert codes(refused.value) == ["metadata_field_unknown", "metadata_value_invalid"]


@given(st.lists(st.datetimes(min_value=EARLIEST, timezones=st.just(UTC)), min_size=2))
def test_the_order_of_kept_moments_is_their_own(moments: list[datetime]) -> None:
    whole = [moment.replace(microsecond=0) for moment in moments]
    kept = {
        str(checked_values([PUBLISHED], {"published": moment})["published"]): moment
        for moment in whole
    }
    assert [kept[text] for text in sorted(kept)] == sorted(set(whole))
