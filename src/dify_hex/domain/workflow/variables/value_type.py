"""The types that values in a graph can have, and which of them fit where."""

from enum import StrEnum


class ValueType(StrEnum):
    """What a node declares of each value it puts out.

    `number` holds both `integer` and `float`; `any` is known only when the node has run.
    """

    STRING = "string"
    NUMBER = "number"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    OBJECT = "object"
    FILE = "file"
    SECRET = "secret"  # noqa: S105 - the name of a type
    ARRAY = "array[any]"
    STRINGS = "array[string]"
    NUMBERS = "array[number]"
    BOOLEANS = "array[boolean]"
    OBJECTS = "array[object]"
    FILES = "array[file]"
    ANY = "any"

    @property
    def is_array(self) -> bool:
        """Whether the value is a list."""
        return self in _ITEMS

    @property
    def item(self) -> "ValueType":
        """The type of the list's items; of anything else, unknown."""
        return _ITEMS.get(self, ValueType.ANY)

    def fits(self, accepted: "frozenset[ValueType]") -> bool:
        """Whether a value of this type may stand where one of `accepted` is wanted."""
        return (
            not accepted
            or self is ValueType.ANY
            or ValueType.ANY in accepted
            or any(self in _HELD_BY[wanted] for wanted in accepted)
        )


_ITEMS = {
    ValueType.ARRAY: ValueType.ANY,
    ValueType.STRINGS: ValueType.STRING,
    ValueType.NUMBERS: ValueType.NUMBER,
    ValueType.BOOLEANS: ValueType.BOOLEAN,
    ValueType.OBJECTS: ValueType.OBJECT,
    ValueType.FILES: ValueType.FILE,
}

#: A value of a type on the right may stand for one of the type on the left.
_HELD_BY: dict[ValueType, frozenset[ValueType]] = {
    **{kind: frozenset({kind}) for kind in ValueType},
    ValueType.NUMBER: frozenset({ValueType.NUMBER, ValueType.INTEGER, ValueType.FLOAT}),
    ValueType.FLOAT: frozenset({ValueType.FLOAT, ValueType.INTEGER, ValueType.NUMBER}),
    ValueType.INTEGER: frozenset({ValueType.INTEGER, ValueType.NUMBER}),
    ValueType.ARRAY: frozenset(_ITEMS),
    **{kind: frozenset({kind, ValueType.ARRAY}) for kind in _ITEMS if kind is not ValueType.ARRAY},
}

#: Everything that may stand where a list is wanted.
ARRAYS = frozenset(_ITEMS)
#: Wherever a value's type does not matter.
WHATEVER: frozenset[ValueType] = frozenset()
