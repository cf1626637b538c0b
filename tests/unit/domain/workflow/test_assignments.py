"""Every operation on every kind of variable."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.assignments import (
    MAX_DEPTH,
    MAX_SIZE,
    Operation,
    Refused,
    apply,
    problem_with_constant,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)


@pytest.mark.parametrize(
    ("current", "operation", "operand", "result"),
    [
        ("old", "over-write", "new", "new"),
        ("old", "set", "new", "new"),
        (1, "over-write", 2.5, 2.5),
        (True, "set", False, False),
        ({"a": 1}, "over-write", {}, {}),
        (["a"], "over-write", [1], [1]),
        (None, "set", "first", "first"),
        ("old", "over-write", None, None),
        ("old", "clear", None, ""),
        (5, "clear", None, 0),
        (True, "clear", None, False),
        ({"a": 1}, "clear", None, {}),
        (["a"], "clear", None, []),
        (None, "clear", None, None),
        (["a"], "append", "b", ["a", "b"]),
        ([], "append", ["a"], [["a"]]),
        (["a"], "extend", ["b", "c"], ["a", "b", "c"]),
        (["a"], "extend", [], ["a"]),
        (["a", "b"], "remove-first", None, ["b"]),
        (["a", "b"], "remove-last", None, ["a"]),
        ([], "remove-first", None, []),
        ([], "remove-last", None, []),
        (5, "+=", 2, 7),
        (5, "+=", 0.5, 5.5),
        (5, "-=", 7, -2),
        (5, "*=", 2, 10),
        (5, "/=", 2, 2.5),
    ],
)
def test_what_becomes_of_a_variable(
    current: JsonValue, operation: str, operand: JsonValue, result: JsonValue
) -> None:
    changed = apply(Operation(operation), current, operand)

    assert changed == result
    assert type(changed) is type(result)


@pytest.mark.parametrize(
    ("current", "operation", "operand", "reason"),
    [
        ("old", "over-write", 1, "the variable holds a text, and the new value is a number"),
        (["a"], "set", "b", "the variable holds a list, and the new value is a text"),
        (True, "set", 1, "the variable holds true or false, and the new value is a number"),
        ("a", "set", {"a": 1}, "the variable holds a text, and the new value is an object"),
        ("text", "append", "b", "the variable must be a list"),
        ({"a": 1}, "extend", ["b"], "the variable must be a list"),
        (["a"], "extend", "b", "what it is extended by must be a list"),
        ("text", "remove-first", None, "the variable must be a list"),
        (None, "remove-last", None, "the variable must be a list"),
        ("5", "+=", 1, "both values must be numbers"),
        (5, "-=", "1", "both values must be numbers"),
        (5, "*=", True, "both values must be numbers"),
        (5, "/=", 0, "nothing can be divided by 0"),
        (5, "/=", 0.0, "nothing can be divided by 0"),
        (1e308, "*=", 10, "the result is too large"),
        (10**308, "*=", 10, "the result is too large"),
        (10**308, "*=", 10.0, "the result is too large"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    current: JsonValue, operation: str, operand: JsonValue, reason: str
) -> None:
    with pytest.raises(Refused) as caught:
        apply(Operation(operation), current, operand)

    assert caught.value.reason == reason


@given(st.lists(JSON), JSON)
def test_what_was_appended_can_be_removed_again(items: list[JsonValue], item: JsonValue) -> None:
    before = list(items)

    appended = apply(Operation.APPEND, items, item)

    assert apply(Operation.REMOVE_LAST, appended) == before
    assert items == before


@given(st.lists(JSON), st.lists(JSON))
def test_extending_is_appending_one_by_one(items: list[JsonValue], more: list[JsonValue]) -> None:
    one_by_one: JsonValue = items
    for item in more:
        one_by_one = apply(Operation.APPEND, one_by_one, item)

    assert apply(Operation.EXTEND, items, more) == one_by_one


@given(NUMBERS, NUMBERS)
def test_arithmetic_is_that_of_numbers(current: float, operand: float) -> None:
    assert apply(Operation.ADD, current, operand) == current + operand
    assert apply(Operation.SUBTRACT, current, operand) == current - operand
    assert apply(Operation.MULTIPLY, current, operand) == current * operand
    if operand != 0 and math.isfinite(current / operand):
        assert apply(Operation.DIVIDE, current, operand) == current / operand


@pytest.mark.parametrize(
    ("operation", "value", "is_fine"),
    [
        ("set", "text", True),
        ("set", "", True),
        ("set", None, False),
        ("append", {"a": 1}, True),
        ("extend", ["a"], True),
        ("extend", "a", False),
        ("+=", 1, True),
        ("+=", "1", False),
        ("*=", True, False),
        ("/=", 2, True),
        ("/=", 0, False),
    ],
)
def test_a_constant_can_be_judged_before_the_run(
    operation: str, value: JsonValue, is_fine: bool
) -> None:
    assert (problem_with_constant(Operation(operation), value) is None) is is_fine


@pytest.mark.parametrize("operation", [Operation.EXTEND, Operation.APPEND])
def test_a_list_that_doubles_again_and_again_is_refused_in_time(operation: Operation) -> None:
    values: list[JsonValue] = [["ab"]]

    with pytest.raises(Refused, match="grows to"):
        values.extend(apply(operation, each, each) for each in values)

    assert len(values) < MAX_DEPTH


@pytest.mark.parametrize("item", ["x" * MAX_SIZE, {"x" * MAX_SIZE: 1}, [0] * MAX_SIZE])
def test_a_list_that_is_too_large_is_refused(item: JsonValue) -> None:
    with pytest.raises(Refused, match="1,000,000"):
        apply(Operation.APPEND, [], item)


def test_a_list_nests_as_deep_as_it_can_be_told() -> None:
    deep: JsonValue = "in"
    for _ in range(MAX_DEPTH - 2):
        deep = [deep]

    assert apply(Operation.APPEND, [], deep) == [deep]
    with pytest.raises(Refused, match="levels"):
        apply(Operation.APPEND, [], [deep])
