"""The files that values hold."""

from collections.abc import Iterable, Mapping, Sequence

from dify_hex.domain.shared.values.file_reference import FILE_ATTRIBUTES, FileReference
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue


def files_in(values: Iterable[JsonValue]) -> list[JsonObject]:
    """Each file that is one of the values or in a list among them, once, in order."""
    found: list[JsonObject] = []
    for value in values:
        items = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
        for item in items:
            file = FileReference.from_json(item)
            if file is not None and (plain := file.to_json()) not in found:
                found.append(plain)
    return found


def with_attributes(value: JsonValue) -> JsonValue:
    """The value, with each file in it as an object of what can be asked of it."""
    if isinstance(value, Mapping):
        file = FileReference.from_json(value)
        if file is not None:
            return {name: file.attribute(name) for name in FILE_ATTRIBUTES}
        return {name: with_attributes(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [with_attributes(part) for part in value]
    return value
