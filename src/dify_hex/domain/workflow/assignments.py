"""How a variable is changed: what each operation makes of its value."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum

from dify_hex.domain.shared.values.json_value import JsonValue

#: What a list, or what a conversation keeps, may grow to, in values and characters; and how deep
#: values may stand in each other there.
MAX_SIZE = 1_000_000
MAX_DEPTH = 60


class Operation(StrEnum):
    """What can be done to a variable."""

    OVER_WRITE = "over-write"
    CLEAR = "clear"
    APPEND = "append"
    EXTEND = "extend"
    SET = "set"
    ADD = "+="
    SUBTRACT = "-="
    MULTIPLY = "*="
    DIVIDE = "/="
    REMOVE_FIRST = "remove-first"
    REMOVE_LAST = "remove-last"

    @property
    def takes_value(self) -> bool:
        """Whether it needs another value to change the variable by."""
        return self not in {Operation.CLEAR, Operation.REMOVE_FIRST, Operation.REMOVE_LAST}


class Refused(Exception):
    """An operation that makes no sense of the values; `reason` says what it needs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def apply(operation: Operation, current: JsonValue, operand: JsonValue = None) -> JsonValue:
    """The value of the variable after the operation; the one it had stays as it is.

    A variable keeps its type; one that is null has none yet.

    Raises:
        Refused: the operation does not apply to such values.
    """
    return _OPERATIONS[operation](current, operand)


def problem_with_constant(operation: Operation, value: JsonValue) -> str | None:
    """Why an operation could never take the constant, whatever the variable is."""
    if value is None:
        return "say what the variable is changed by"
    if operation is Operation.EXTEND and not _is_list(value):
        return "give a list"
    if operation in _ARITHMETIC and not _is_number(value):
        return "give a number"
    if operation is Operation.DIVIDE and value == 0:
        return "give a number other than 0"
    return None


def _replaced(current: JsonValue, operand: JsonValue) -> JsonValue:
    if current is not None and operand is not None and _kind(current) != _kind(operand):
        raise Refused(f"the variable holds {_kind(current)}, and the new value is {_kind(operand)}")
    return operand


def _cleared(current: JsonValue, _operand: JsonValue) -> JsonValue:
    return None if current is None else _NOTHING[_kind(current)]


def _appended(current: JsonValue, operand: JsonValue) -> JsonValue:
    return kept_small([*_list(current), operand])


def _extended(current: JsonValue, operand: JsonValue) -> JsonValue:
    items = _list(current)
    if not _is_list(operand):
        raise Refused("what it is extended by must be a list")
    return kept_small([*items, *_list(operand)])


def kept_small(grown: JsonValue) -> JsonValue:
    """The value, unless it is larger than what may be carried on and on.

    Raises:
        Refused: it is too large, or too deep.
    """
    size = 0
    pending: list[tuple[JsonValue, int]] = [(grown, 1)]
    while pending:
        value, depth = pending.pop()
        inner: Iterable[JsonValue] = ()
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, Mapping):
            size += len(value) + sum(map(len, value))
            inner = value.values()
        elif isinstance(value, Sequence):
            size += len(value)
            inner = value
        if size > MAX_SIZE:
            raise Refused(f"a value grows to {MAX_SIZE:,} values and characters at most")
        if depth > MAX_DEPTH:
            raise Refused(f"a value holds others in at most {MAX_DEPTH} levels")
        pending += [(each, depth + 1) for each in inner if isinstance(each, _WITH_SIZE)]
    return grown


def _without_first(current: JsonValue, _operand: JsonValue) -> JsonValue:
    return list(_list(current)[1:])


def _without_last(current: JsonValue, _operand: JsonValue) -> JsonValue:
    return list(_list(current)[:-1])


def _sum(current: JsonValue, operand: JsonValue) -> JsonValue:
    return _bounded(lambda: _number(current) + _number(operand))


def _difference(current: JsonValue, operand: JsonValue) -> JsonValue:
    return _bounded(lambda: _number(current) - _number(operand))


def _product(current: JsonValue, operand: JsonValue) -> JsonValue:
    return _bounded(lambda: _number(current) * _number(operand))


def _quotient(current: JsonValue, operand: JsonValue) -> JsonValue:
    if _number(operand) == 0:
        raise Refused("nothing can be divided by 0")
    return _bounded(lambda: _number(current) / _number(operand))


def _bounded(calculate: Callable[[], int | float]) -> int | float:
    """The result, as long as every reader of JSON can take it."""
    try:
        result = calculate()
        is_finite = math.isfinite(result)
    except OverflowError:
        is_finite = False
    else:
        if is_finite:
            return result
    raise Refused("the result is too large")


def _number(value: JsonValue) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise Refused("both values must be numbers")


def _list(value: JsonValue) -> Sequence[JsonValue]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    raise Refused("the variable must be a list")


def _is_list(value: JsonValue) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: JsonValue) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case _:
            return "a list"


_WITH_SIZE = (str, Mapping, Sequence)
#: What a variable holds when it is cleared.
_NOTHING: Mapping[str, JsonValue] = {
    "true or false": False,
    "a number": 0,
    "a text": "",
    "an object": {},
    "a list": [],
}
_ARITHMETIC: Mapping[Operation, Callable[[JsonValue, JsonValue], JsonValue]] = {
    Operation.ADD: _sum,
    Operation.SUBTRACT: _difference,
    Operation.MULTIPLY: _product,
    Operation.DIVIDE: _quotient,
}
_OPERATIONS: Mapping[Operation, Callable[[JsonValue, JsonValue], JsonValue]] = {
    **_ARITHMETIC,
    Operation.OVER_WRITE: _replaced,
    Operation.SET: _replaced,
    Operation.CLEAR: _cleared,
    Operation.APPEND: _appended,
    Operation.EXTEND: _extended,
    Operation.REMOVE_FIRST: _without_first,
    Operation.REMOVE_LAST: _without_last,
}
