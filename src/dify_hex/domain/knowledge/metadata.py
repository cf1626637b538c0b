"""Facts about documents that searches can be narrowed by, declared once per Knowledge."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite

from dify_hex.domain.knowledge.errors import MetadataInvalid
from dify_hex.domain.shared.values.fault import Fault

MAX_FIELDS = 50
MAX_NAME_LENGTH = 100
MAX_TEXT_LENGTH = 1000
#: In UTC and of one length, so that the order of the texts is that of the moments.
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
EARLIEST_YEAR = 1000

MetadataValue = str | float
#: By the name of the field; a moment is a text in `TIME_FORMAT`.
Metadata = Mapping[str, MetadataValue]


class MetadataType(StrEnum):
    """What the values of a field are."""

    STRING = "string"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataField:
    """A fact that documents of a Knowledge may have."""

    name: str
    type: MetadataType


def checked_fields(fields: Iterable[MetadataField]) -> tuple[MetadataField, ...]:
    """The fields, if they can be declared together.

    Raises:
        MetadataInvalid: there are too many, or names are blank, too long or used twice.
    """
    declared = tuple(fields)
    faults = list(_too_many(declared))
    seen: set[str] = set()
    for index, field in enumerate(declared):
        path = f"metadata_fields[{index}].name"
        if field.name != field.name.strip() or not 1 <= len(field.name) <= MAX_NAME_LENGTH:
            message = f"Use from 1 to {MAX_NAME_LENGTH} characters without space around them."
            faults.append(Fault(code="metadata_name_invalid", path=path, message=message))
        if field.name in seen:
            faults.append(
                Fault(code="metadata_name_repeated", path=path, message="Use each name once.")
            )
        seen.add(field.name)
    if faults:
        raise MetadataInvalid(faults)
    return declared


def checked_values(
    fields: Iterable[MetadataField], values: Mapping[str, MetadataValue | datetime]
) -> Metadata:
    """The values in the form in which they are kept, if they fit the declared fields.

    Raises:
        MetadataInvalid: a field is not declared, or a value is of another type.
    """
    types = {field.name: field.type for field in fields}
    faults: list[Fault] = []
    kept: dict[str, MetadataValue] = {}
    for name, value in values.items():
        path = f"metadata.{name}"
        if name not in types:
            message = "Declare the field on the Knowledge first."
            faults.append(Fault(code="metadata_field_unknown", path=path, message=message))
            continue
        found = _kept(types[name], value)
        if found is None:
            message = _EXPECTED[types[name]]
            faults.append(Fault(code="metadata_value_invalid", path=path, message=message))
        else:
            kept[name] = found
    if faults:
        raise MetadataInvalid(faults)
    return kept


_EXPECTED: Mapping[MetadataType, str] = {
    MetadataType.STRING: f"Give a text of at most {MAX_TEXT_LENGTH} characters.",
    MetadataType.NUMBER: "Give a number.",
    MetadataType.TIME: "Give a moment with its zone, such as 2026-11-21T12:00:00Z.",
}


def _too_many(fields: tuple[MetadataField, ...]) -> Iterable[Fault]:
    if len(fields) > MAX_FIELDS:
        message = f"Declare at most {MAX_FIELDS} fields."
        yield Fault(code="too_many", path="metadata_fields", message=message)


def _kept(type: MetadataType, value: MetadataValue | datetime) -> MetadataValue | None:
    match type, value:
        case MetadataType.STRING, str() if len(value) <= MAX_TEXT_LENGTH:
            return value
        case MetadataType.NUMBER, int() | float() if not isinstance(value, bool):
            return value if isfinite(value) else None
        case MetadataType.TIME, str() | datetime():
            return _moment(value)
        case _:
            return None


def _moment(value: str | datetime) -> str | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.strftime(TIME_FORMAT) if moment.year >= EARLIEST_YEAR else None
