"""Every operator, on every kind of value that it is or is not meant for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.comparisons import ComparisonOperator, Incomparable, compare

NUMBERS = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)


def asked(actual: JsonValue, operator: str, expected: JsonValue = None) -> bool:
    return compare(ComparisonOperator(operator), actual, expected)


@pytest.mark.parametrize(
    ("actual", "operator", "expected", "answer"),
    [
        ("apple pie", "contains", "pie", True),
        ("apple pie", "contains", "Pie", False),
        ("room 12", "contains", 12, True),
        (["a", "b"], "contains", "a", True),
        (["a", "b"], "contains", "c", False),
        ([True, True], "contains", "false", False),
        ([True, False], "contains", "false", True),
        ("", "contains", "x", False),
        (None, "contains", "x", False),
        ([], "contains", "x", False),
        ("apple pie", "not contains", "pie", False),
        (["a"], "not contains", "b", True),
        ("", "not contains", "x", True),
        (None, "not contains", "x", True),
        ("apple", "start with", "ap", True),
        ("apple", "start with", "le", False),
        ("2026-11", "start with", 2026, True),
        ("", "start with", "", False),
        (None, "start with", "a", False),
        ("apple", "end with", "le", True),
        ("apple", "end with", "ap", False),
        ("", "end with", "", False),
        (None, "end with", "a", False),
        ("a", "is", "a", True),
        ("a", "is", "A", False),
        (True, "is", "true", True),
        (True, "is", 1, True),
        (False, "is", "true", False),
        (None, "is", "a", False),
        ("a", "is not", "b", True),
        ("a", "is not", "a", False),
        (True, "is not", False, True),
        (None, "is not", "a", False),
        ("a", "in", ["a", "b"], True),
        ("c", "in", ["a", "b"], False),
        (2, "in", [1, 2], True),
        (True, "in", ["true"], True),
        ("", "in", [""], False),
        (None, "in", ["a"], False),
        ("c", "not in", ["a", "b"], True),
        ("a", "not in", ["a", "b"], False),
        ("", "not in", [""], True),
        (None, "not in", ["a"], True),
        (["a", "b", "c"], "all of", ["a", "b"], True),
        (["a"], "all of", ["a", "b"], False),
        ("a and b", "all of", ["a", "b"], True),
        ([True], "all of", ["true", 1], True),
        ([True], "all of", [False], False),
        ([], "all of", ["a"], False),
        ("", "all of", ["a"], False),
        (12, "all of", ["a"], False),
        ([], "all of", [], False),
    ],
)
def test_texts_and_lists(
    actual: JsonValue, operator: str, expected: JsonValue, answer: bool
) -> None:
    assert asked(actual, operator, expected) is answer


@pytest.mark.parametrize(
    ("actual", "operator", "expected", "answer"),
    [
        (5, "=", "5", True),
        (5, "=", "5.0", True),
        (5, "=", "5.5", False),
        (5.5, "=", "5.5", True),
        (5, "=", 5, True),
        (True, "=", "true", True),
        (True, "=", "1", True),
        (False, "=", "true", False),
        (None, "=", "5", False),
        (5, "≠", "6", True),
        (5, "≠", "5", False),
        (None, "≠", "5", False),
        (5, ">", "4.5", True),
        (5, ">", "5", False),
        (5, "<", "6", True),
        (5, "<", "5", False),
        (5, "≥", "5", True),
        (4, "≥", "5", False),
        (5, "≤", "5", True),
        (6, "≤", "5", False),
        (True, ">", "false", True),
        (None, ">", "1", False),
        (None, "<", "1", False),
        (None, "≥", "1", False),
        (None, "≤", "1", False),
    ],
)
def test_numbers(actual: JsonValue, operator: str, expected: JsonValue, answer: bool) -> None:
    assert asked(actual, operator, expected) is answer


@pytest.mark.parametrize("actual", ["", 0, False, None, [], {}])
def test_nothing_zero_and_false_are_empty(actual: JsonValue) -> None:
    assert asked(actual, "empty")
    assert not asked(actual, "not empty")


@pytest.mark.parametrize("actual", ["a", 1, True, ["a"], {"a": 1}])
def test_everything_else_is_not_empty(actual: JsonValue) -> None:
    assert not asked(actual, "empty")
    assert asked(actual, "not empty")


@pytest.mark.parametrize("actual", ["", 0, False, []])
def test_what_is_empty_is_there_all_the_same(actual: JsonValue) -> None:
    assert asked(actual, "exists")
    assert asked(actual, "not null")
    assert not asked(actual, "not exists")
    assert not asked(actual, "null")


def test_null_is_not_there() -> None:
    assert asked(None, "null")
    assert asked(None, "not exists")
    assert not asked(None, "not null")
    assert not asked(None, "exists")


def test_what_an_operator_expects_of_presence_is_not_even_read() -> None:
    assert asked(True, "not empty", "no truth value")


@pytest.mark.parametrize(
    ("actual", "operator", "expected"),
    [
        (5, "contains", "5"),
        ({"a": 1}, "not contains", "a"),
        (5, "start with", "5"),
        (["a"], "end with", "a"),
        (5, "is", "5"),
        (["a"], "is not", "a"),
        ("a", "in", "abc"),
        ("a", "not in", {"a": 1}),
        (["a"], "all of", "a"),
        (["a"], "all of", ["a", 1]),
        ("5", "=", "5"),
        ([5], "≠", "5"),
        ("5", ">", "4"),
        (5, "<", "many"),
        (5, "≥", None),
        (5, "≤", ["5"]),
        (True, "is", "yes"),
        (True, "is", "[1]"),
        (True, "is", 1.5),
    ],
)
def test_values_that_an_operator_makes_no_sense_of_are_refused(
    actual: JsonValue, operator: str, expected: JsonValue
) -> None:
    with pytest.raises(Incomparable) as caught:
        asked(actual, operator, expected)

    assert caught.value.reason


@given(NUMBERS, NUMBERS)
def test_of_two_numbers_exactly_one_is_greater_or_they_are_equal(one: float, other: float) -> None:
    answers = [asked(one, operator, str(other)) for operator in ("<", "=", ">")]

    assert answers.count(True) == 1
    assert asked(one, "≤", str(other)) is (answers[0] or answers[1])
    assert asked(one, "≥", str(other)) is (answers[2] or answers[1])
    assert asked(one, "≠", str(other)) is not answers[1]


@given(st.text(min_size=1), st.text())
def test_the_negations_of_texts_say_the_opposite(actual: str, expected: str) -> None:
    assert asked(actual, "contains", expected) is not asked(actual, "not contains", expected)
    assert asked(actual, "is", expected) is not asked(actual, "is not", expected)
    assert asked(actual, "in", [expected]) is not asked(actual, "not in", [expected])
