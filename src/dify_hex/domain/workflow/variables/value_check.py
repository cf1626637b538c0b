"""Whether a value is of a type."""

from collections.abc import Callable, Mapping, Sequence

from dify_hex.domain.shared.values.file_reference import FileReference
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.variables.value_type import ValueType


def is_of_type(value: JsonValue, kind: ValueType) -> bool:
    """Whether the value is one that a variable of this type can hold; null is of no type."""
    if kind.is_array:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return False
        return all(is_of_type(item, kind.item) for item in value)
    return _CHECKS[kind](value)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: JsonValue) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and value.is_integer()
    )


def _is_file(value: JsonValue) -> bool:
    return FileReference.from_json(value) is not None


def _is_text(value: JsonValue) -> bool:
    return isinstance(value, str)


_CHECKS: Mapping[ValueType, Callable[[JsonValue], bool]] = {
    ValueType.STRING: _is_text,
    ValueType.SECRET: _is_text,
    ValueType.NUMBER: _is_number,
    ValueType.FLOAT: _is_number,
    ValueType.INTEGER: _is_whole,
    ValueType.BOOLEAN: lambda value: isinstance(value, bool),
    ValueType.OBJECT: lambda value: isinstance(value, Mapping) and not _is_file(value),
    ValueType.FILE: _is_file,
    ValueType.ANY: lambda _: True,
}
