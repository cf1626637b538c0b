"""Lists are filtered, picked from, sorted and shortened, in this order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.file_reference import FileKind
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.comparisons import ComparisonOperator
from dify_hex.domain.workflow.errors import ListRefused, VariableMissing
from dify_hex.domain.workflow.nodes.list_operator import (
    Direction,
    ExtractBy,
    FilterBy,
    FilterCondition,
    Limit,
    ListOperatorConfig,
    OrderBy,
)
from dify_hex.domain.workflow.variables.value_type import ValueType
from tests.builders.variables import at, file, pool_of

CAT = file("cat.png", size=10).to_json()
TERMS = file("terms.pdf", FileKind.DOCUMENT, size=2000).to_json()
UNKNOWN = file("b.bin", FileKind.CUSTOM, size=None).to_json()
FILES = [TERMS, CAT, UNKNOWN]


def config(
    *filters: FilterCondition,
    serial: str | None = None,
    order: str | None = None,
    key: str = "",
    size: int | None = None,
    of: ValueType = ValueType.ARRAY,
) -> ListOperatorConfig:
    """The steps that are named are enabled."""
    return ListOperatorConfig(
        variable=at("start.items"),
        var_type=of,
        filter_by=FilterBy(enabled=bool(filters), conditions=filters),
        extract_by=ExtractBy(enabled=serial is not None, serial=serial or ""),
        order_by=OrderBy(enabled=order is not None, key=key, value=Direction(order or "asc")),
        limit=Limit(enabled=size is not None, size=size or 0),
    )


def where(operator: str, value: JsonValue = None, key: str = "") -> FilterCondition:
    return FilterCondition(key=key, comparison_operator=ComparisonOperator(operator), value=value)


def operated(items: JsonValue, of: ListOperatorConfig) -> JsonObject:
    return of.operate(pool_of(start={"items": items, "n": 2, "word": "b"}))


def result(items: JsonValue, of: ListOperatorConfig) -> JsonValue:
    return operated(items, of)["result"]


@pytest.mark.parametrize(
    ("items", "operator", "value", "left"),
    [
        (["ab", "bc", "c"], "contains", "b", ["ab", "bc"]),
        (["ab", "bc", "c"], "not contains", "b", ["c"]),
        (["ab", "bc"], "start with", "b", ["bc"]),
        (["ab", "bc"], "end with", "b", ["ab"]),
        (["a", "b"], "is", "{{#start.word#}}", ["b"]),
        (["a", "b"], "is not", "b", ["a"]),
        (["a", "b", "c"], "in", ["a", "{{#start.word#}}"], ["a", "b"]),
        (["a", "b", "c"], "not in", ["a"], ["b", "c"]),
        (["", "a"], "empty", None, [""]),
        (["", "a"], "not empty", None, ["a"]),
        ([1, 2, 3], "=", "2", [2]),
        ([1, 2, 3], "≠", "{{#start.n#}}", [1, 3]),
        ([1, 2, 3], ">", "1", [2, 3]),
        ([1, 2, 3], "≥", 2, [2, 3]),
        ([1, 2.5, 3], "<", "2.6", [1, 2.5]),
        ([1, 2, 3], "≤", "2", [1, 2]),
        ([True, False], "is", "true", [True]),
        ([True, False], "is not", True, [False]),
    ],
)
def test_items_stay_that_are_as_asked_for(
    items: JsonValue, operator: str, value: JsonValue, left: JsonValue
) -> None:
    assert result(items, config(where(operator, value))) == left


@pytest.mark.parametrize(
    ("key", "operator", "value", "left"),
    [
        ("type", "in", ["image"], [CAT]),
        ("size", ">", "100", [TERMS]),
        ("name", "end with", ".bin", [UNKNOWN]),
        ("extension", "is", "png", [CAT]),
        ("extension", "is not", ".png", [TERMS, UNKNOWN]),
        ("transfer_method", "not in", ["local_file"], FILES),
        ("mime_type", "contains", "octet", FILES),
        ("url", "empty", None, []),
        ("related_id", "empty", None, FILES),
    ],
)
def test_of_files_an_attribute_is_asked_for(
    key: str, operator: str, value: JsonValue, left: JsonValue
) -> None:
    assert result(FILES, config(where(operator, value, key))) == left


def test_all_conditions_must_be_true_of_an_item() -> None:
    assert result([1, 2, 3], config(where(">", 1), where("<", 3))) == [2]


@pytest.mark.parametrize("serial", ["2", "{{#start.n#}}"])
def test_one_item_can_be_taken_by_its_position(serial: str) -> None:
    assert operated(["a", "b", "c"], config(serial=serial)) == {
        "result": ["b"],
        "first_record": "b",
        "last_record": "b",
    }


@pytest.mark.parametrize("serial", ["0", "4", "-1", "first", "{{#start.word#}}"])
def test_a_position_outside_of_the_list_is_an_error(serial: str) -> None:
    with pytest.raises(ListRefused) as caught:
        operated(["a", "b", "c"], config(serial=serial))

    assert caught.value.details == {
        "selector": "start.items",
        "reason": "the position must be a whole number from 1 to 3",
    }


@pytest.mark.parametrize(
    ("items", "key", "ascending"),
    [
        (["b", "c", "a"], "", ["a", "b", "c"]),
        ([3, 1.5, 2], "", [1.5, 2, 3]),
        ([True, False], "", [False, True]),
        (FILES, "size", [UNKNOWN, CAT, TERMS]),
        (FILES, "name", [UNKNOWN, CAT, TERMS]),
        (FILES, "type", [UNKNOWN, TERMS, CAT]),
    ],
)
def test_items_are_sorted_either_way(
    items: list[JsonValue], key: str, ascending: list[JsonValue]
) -> None:
    assert result(items, config(order="asc", key=key)) == ascending
    assert result(items, config(order="desc", key=key)) == ascending[::-1]


def test_the_list_is_shortened_last() -> None:
    steps = config(where(">", 1), order="desc", size=2)

    assert operated([2, 1, 4, 3], steps) == {
        "result": [4, 3],
        "first_record": 4,
        "last_record": 3,
    }


def test_an_item_is_taken_before_the_rest_is_sorted() -> None:
    assert result([3, 1, 2], config(where(">", 1), serial="1", order="asc", size=5)) == [3]


def test_an_empty_list_has_no_first_and_no_last_item() -> None:
    assert operated([], config(order="asc", size=3)) == {
        "result": [],
        "first_record": None,
        "last_record": None,
    }


@pytest.mark.parametrize(
    ("items", "of", "reason"),
    [
        ("text", config(), "it is no list"),
        (5, config(), "it is no list"),
        ([None], config(), "it holds more than texts, numbers, truth values and files"),
        ([{"a": 1}], config(), "it holds more than texts, numbers, truth values and files"),
        (
            ["a", 1],
            config(order="asc"),
            "its items are of different types and have no order",
        ),
        ([CAT], config(order="asc", key="owner"), "a file has no attribute owner"),
        ([CAT], config(where("is", "x", "owner")), "a file has no attribute owner"),
        ([1], config(where("start with", "x")), "only texts begin or end with something"),
    ],
)
def test_what_cannot_be_worked_on_is_refused_with_a_reason(
    items: JsonValue, of: ListOperatorConfig, reason: str
) -> None:
    with pytest.raises(ListRefused) as caught:
        operated(items, of)

    assert caught.value.details["reason"] == reason


def test_a_missing_list_fails_the_node() -> None:
    with pytest.raises(VariableMissing):
        config().operate(pool_of())


@given(st.lists(st.integers()), st.integers(), st.integers(1, 10))
def test_it_does_what_python_does(items: list[int], least: int, size: int) -> None:
    steps = config(where("≥", least), order="desc", size=size)

    expected = sorted((item for item in items if item >= least), reverse=True)[:size]
    assert result(items, steps) == expected


def test_only_enabled_steps_are_done_or_judged() -> None:
    idle = ListOperatorConfig(
        variable=at("start.items"),
        filter_by=FilterBy(conditions=(where("is", "{{#a.b#}}"),)),
        extract_by=ExtractBy(serial="{{#a.b#}}"),
        limit=Limit(size=0),
    )

    assert result(["b", "a"], idle) == ["b", "a"]
    assert [reference.field for reference in idle.references()] == ["variable"]
    assert list(idle.faults()) == []


def test_references_are_the_list_and_what_it_is_held_against() -> None:
    steps = config(where("is", "{{#a.b#}}"), serial="{{#a.n#}}", of=ValueType.STRINGS)

    found = list(steps.references())

    assert [(str(each.selector), each.field) for each in found] == [
        ("start.items", "variable"),
        ("a.b", "filter_by.conditions.0.value"),
        ("a.n", "extract_by.serial"),
    ]
    assert not ValueType.NUMBERS.fits(found[0].accepts)


def test_a_list_of_unknown_items_may_come_from_any_list_but_one_of_objects() -> None:
    (reference,) = config().references()

    assert [
        kind.fits(reference.accepts)
        for kind in (ValueType.ARRAY, ValueType.FILES, ValueType.OBJECTS, ValueType.STRING)
    ] == [True, True, False, False]


def test_items_have_the_type_of_the_list() -> None:
    assert config(of=ValueType.FILES).outputs() == {
        "result": ValueType.FILES,
        "first_record": ValueType.FILE,
        "last_record": ValueType.FILE,
    }


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (config(where("is", "a"), serial="1", order="asc", size=1), []),
        (config(of=ValueType.OBJECTS), [("list_type_unsupported", "var_type")]),
        (
            ListOperatorConfig(variable=at("a.b"), filter_by=FilterBy(enabled=True)),
            [("condition_missing", "filter_by.conditions")],
        ),
        (
            config(where("all of", ["a"])),
            [("condition_operator_unsupported", "filter_by.conditions.0.comparison_operator")],
        ),
        (
            config(where(">", "many")),
            [("condition_value_invalid", "filter_by.conditions.0.value")],
        ),
        (
            config(where("is", "a", "owner"), order="asc", of=ValueType.FILES),
            [
                ("condition_key_unknown", "filter_by.conditions.0.key"),
                ("condition_key_unknown", "order_by.key"),
            ],
        ),
        (config(serial="0"), [("number_out_of_range", "extract_by.serial")]),
        (config(serial="first"), [("number_out_of_range", "extract_by.serial")]),
        (config(size=0), [("number_out_of_range", "limit.size")]),
    ],
)
def test_faults(steps: ListOperatorConfig, expected: list[tuple[str, str]]) -> None:
    assert [(fault.code, fault.field) for fault in steps.faults()] == expected
