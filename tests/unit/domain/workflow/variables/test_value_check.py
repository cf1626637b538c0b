"""A value is of a type, or it is not; null is of none but any."""

import pytest

from dify_hex.domain.shared.values.file_reference import FileKind, FileReference, TransferMethod
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.variables.value_check import is_of_type
from dify_hex.domain.workflow.variables.value_type import ValueType

FILE = FileReference(
    type=FileKind.IMAGE,
    transfer_method=TransferMethod.REMOTE_URL,
    name="lamp.png",
    extension=".png",
    mime_type="image/png",
    url="https://example.com/lamp.png",
).to_json()


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ValueType.STRING, ["", "a"]),
        (ValueType.SECRET, ["hush"]),
        (ValueType.NUMBER, [0, -1.5]),
        (ValueType.FLOAT, [0, 0.5]),
        (ValueType.INTEGER, [7, 7.0]),
        (ValueType.BOOLEAN, [True, False]),
        (ValueType.OBJECT, [{}, {"a": None}]),
        (ValueType.FILE, [FILE]),
        (ValueType.ANY, [None, 1, "a", [], {}]),
        (ValueType.ARRAY, [[], [1, None, "a"]]),
        (ValueType.STRINGS, [[], ["a"]]),
        (ValueType.NUMBERS, [[1, 2.5]]),
        (ValueType.OBJECTS, [[{}]]),
        (ValueType.FILES, [[FILE]]),
        (ValueType.BOOLEANS, [[True]]),
    ],
)
def test_these_values_are_of_the_type(kind: ValueType, values: list[JsonValue]) -> None:
    assert all(is_of_type(value, kind) for value in values)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ValueType.STRING, [None, 1, ["a"]]),
        (ValueType.NUMBER, [None, True, "1"]),
        (ValueType.INTEGER, [True, 1.5, "1"]),
        (ValueType.BOOLEAN, [0, "true"]),
        (ValueType.OBJECT, [None, [], FILE]),
        (ValueType.FILE, [{}, "lamp.png"]),
        (ValueType.ARRAY, [None, "abc", {}]),
        (ValueType.STRINGS, [["a", 1], [None], "abc"]),
        (ValueType.FILES, [[{}], FILE]),
    ],
)
def test_these_are_not(kind: ValueType, values: list[JsonValue]) -> None:
    assert not any(is_of_type(value, kind) for value in values)
