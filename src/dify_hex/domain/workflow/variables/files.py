"""The files that values hold."""

from collections.abc import Iterable, Sequence

from dify_hex.domain.shared.values.file_reference import FileReference
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
