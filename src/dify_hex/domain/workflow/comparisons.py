"""How two values are compared, with the coercions that conditions are written for."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum

from dify_hex.domain.shared.values.json_value import JsonValue


class ComparisonOperator(StrEnum):
    """What a condition asks of a value."""

    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    START_WITH = "start with"
    END_WITH = "end with"
    IS = "is"
    IS_NOT = "is not"
    EMPTY = "empty"
    NOT_EMPTY = "not empty"
    IN = "in"
    NOT_IN = "not in"
    ALL_OF = "all of"
    EQUAL = "="
    NOT_EQUAL = "≠"
    GREATER = ">"
    LESS = "<"
    AT_LEAST = "≥"
    AT_MOST = "≤"
    NULL = "null"
    NOT_NULL = "not null"
    EXISTS = "exists"
    NOT_EXISTS = "not exists"

    @property
    def asks_for_presence(self) -> bool:
        """Whether the answer depends on the value alone, so that nothing is expected of it."""
        return self in _PRESENCE

    @property
    def is_negative(self) -> bool:
        """Whether it denies something, so that of many values all have to fulfil it."""
        return "not" in self.value


#: They compare with a list.
WITH_LISTS = frozenset(
    {ComparisonOperator.IN, ComparisonOperator.NOT_IN, ComparisonOperator.ALL_OF}
)
EQUALITIES = frozenset({ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL})
#: They compare numbers by size.
ORDERS = frozenset(
    {
        ComparisonOperator.GREATER,
        ComparisonOperator.LESS,
        ComparisonOperator.AT_LEAST,
        ComparisonOperator.AT_MOST,
    }
)


_TRUTHS = {"true": True, "false": False}


class Incomparable(Exception):
    """Two values that an operator makes no sense of; `reason` says what it needs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def compare(operator: ComparisonOperator, actual: JsonValue, expected: JsonValue = None) -> bool:
    """Whether the actual value is what the operator asks for.

    What is compared with a truth value is read as one itself. Null is neither equal nor unequal to
    anything, and neither greater nor smaller.

    Raises:
        Incomparable: the operator does not apply to such values.
    """
    if operator.asks_for_presence:
        return _PRESENCE[operator](actual)
    if expected is not None and _is_of_booleans(actual):
        expected = _as_booleans(expected)
    return _COMPARISONS[operator](actual, expected)


def as_number(value: JsonValue) -> int | float:
    """The number that a value is or spells.

    Raises:
        Incomparable: it is no number.
    """
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        for read in (int, float):
            try:
                return read(value)
            except ValueError:
                continue
    raise Incomparable("what it is compared with must be a number")


def as_boolean(value: JsonValue) -> bool:
    """The truth value that a value is or spells; a number is one, and only 0 is false.

    Raises:
        Incomparable: it is none.
    """
    if isinstance(value, str):
        value = _TRUTHS.get(value.strip(), value)
    if isinstance(value, int):
        return bool(value)
    if isinstance(value, str):
        with suppress(ValueError):
            return bool(int(value))
    raise Incomparable("what it is compared with must be true or false")


def _is_of_booleans(value: JsonValue) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return bool(value) and all(isinstance(item, bool) for item in value)
    return isinstance(value, bool)


def _as_booleans(expected: JsonValue) -> JsonValue:
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return [as_boolean(item) for item in expected]
    return as_boolean(expected)


def _contains(actual: JsonValue, expected: JsonValue) -> bool:
    if not actual:
        return False
    if isinstance(actual, str):
        return _as_text(expected) in actual
    if isinstance(actual, Sequence):
        return expected in actual
    raise Incomparable("only texts and lists contain something")


def _not_contains(actual: JsonValue, expected: JsonValue) -> bool:
    return not _contains(actual, expected)


def _starts_with(actual: JsonValue, expected: JsonValue) -> bool:
    return bool(actual) and _text_of(actual).startswith(_as_text(expected))


def _ends_with(actual: JsonValue, expected: JsonValue) -> bool:
    return bool(actual) and _text_of(actual).endswith(_as_text(expected))


def _is(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _sayable(actual) == expected


def _is_not(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _sayable(actual) != expected


def _in(actual: JsonValue, expected: JsonValue) -> bool:
    return bool(actual) and actual in _list_of(expected)


def _not_in(actual: JsonValue, expected: JsonValue) -> bool:
    return not actual or actual not in _list_of(expected)


def _all_of(actual: JsonValue, expected: JsonValue) -> bool:
    if not actual:
        return False
    wanted = _list_of(expected)
    if not (_all_are(wanted, str) or _all_are(wanted, bool)):
        raise Incomparable("it must be compared with a list of texts or of truth values")
    if isinstance(actual, str):
        return all(_as_text(item) in actual for item in wanted)
    if isinstance(actual, Sequence):
        return all(item in actual for item in wanted)
    return False


def _equal(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _number_of(actual) == as_number(expected)


def _not_equal(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _number_of(actual) != as_number(expected)


def _greater(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _number_of(actual) > as_number(expected)


def _less(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _number_of(actual) < as_number(expected)


def _at_least(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _number_of(actual) >= as_number(expected)


def _at_most(actual: JsonValue, expected: JsonValue) -> bool:
    return actual is not None and _number_of(actual) <= as_number(expected)


def _text_of(actual: JsonValue) -> str:
    if isinstance(actual, str):
        return actual
    raise Incomparable("only texts begin or end with something")


def _sayable(actual: JsonValue) -> str | bool:
    if isinstance(actual, str | bool):
        return actual
    raise Incomparable("only texts and truth values can be asked what they are")


def _number_of(actual: JsonValue) -> int | float:
    if isinstance(actual, int | float):
        return actual
    raise Incomparable("only numbers and truth values can be compared so")


def _list_of(expected: JsonValue) -> Sequence[JsonValue]:
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return expected
    raise Incomparable("it must be compared with a list")


def _all_are(items: Sequence[JsonValue], kind: type) -> bool:
    return all(isinstance(item, kind) for item in items)


def _as_text(expected: JsonValue) -> str:
    return expected if isinstance(expected, str) else json.dumps(expected, ensure_ascii=False)


_PRESENCE: Mapping[ComparisonOperator, Callable[[JsonValue], bool]] = {
    ComparisonOperator.EMPTY: lambda actual: not actual,
    ComparisonOperator.NOT_EMPTY: bool,
    ComparisonOperator.NULL: lambda actual: actual is None,
    ComparisonOperator.NOT_NULL: lambda actual: actual is not None,
    ComparisonOperator.EXISTS: lambda actual: actual is not None,
    ComparisonOperator.NOT_EXISTS: lambda actual: actual is None,
}
_COMPARISONS: Mapping[ComparisonOperator, Callable[[JsonValue, JsonValue], bool]] = {
    ComparisonOperator.CONTAINS: _contains,
    ComparisonOperator.NOT_CONTAINS: _not_contains,
    ComparisonOperator.START_WITH: _starts_with,
    ComparisonOperator.END_WITH: _ends_with,
    ComparisonOperator.IS: _is,
    ComparisonOperator.IS_NOT: _is_not,
    ComparisonOperator.IN: _in,
    ComparisonOperator.NOT_IN: _not_in,
    ComparisonOperator.ALL_OF: _all_of,
    ComparisonOperator.EQUAL: _equal,
    ComparisonOperator.NOT_EQUAL: _not_equal,
    ComparisonOperator.GREATER: _greater,
    ComparisonOperator.LESS: _less,
    ComparisonOperator.AT_LEAST: _at_least,
    ComparisonOperator.AT_MOST: _at_most,
}
