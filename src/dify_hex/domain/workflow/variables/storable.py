"""Values as they can be kept: what comes from outside may hold what no store takes."""

from collections.abc import Mapping, Sequence

from dify_hex.domain.shared.values.json_value import JsonValue

_NULL = "\x00"
#: What stands for a character that could not be kept.
_INSTEAD = "\ufffd"


def storable(value: JsonValue) -> JsonValue:
    """The value with every null character replaced."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(name): storable(part) for name, part in value.items()}
    if isinstance(value, Sequence):
        return [storable(part) for part in value]
    return value


def storable_text(text: str) -> str:
    """The text with every null character replaced."""
    return text.replace(_NULL, _INSTEAD)
