"""What a model has found becomes what was declared, or is told to be wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.prompting.extracted_parameter import (
    ExtractedParameter,
    ParameterType,
)
from dify_hex.domain.workflow.prompting.extraction import extraction_of


def parameter(
    type: ParameterType, *, required: bool = False, options: tuple[str, ...] = ()
) -> ExtractedParameter:
    return ExtractedParameter(name="p", type=type, required=required, options=options)


@pytest.mark.parametrize(
    ("type", "told", "value"),
    [
        (ParameterType.STRING, "text", "text"),
        (ParameterType.STRING, 42, "42"),
        (ParameterType.NUMBER, 42, 42),
        (ParameterType.NUMBER, 1.5, 1.5),
        (ParameterType.NUMBER, " 42 ", 42),
        (ParameterType.NUMBER, "-1.5", -1.5),
        (ParameterType.BOOLEAN, True, True),
        (ParameterType.BOOL, "Yes", True),
        (ParameterType.BOOL, "false", False),
        (ParameterType.BOOLEAN, 0, False),
        (ParameterType.SELECT, "red", "red"),
        (ParameterType.STRINGS, ["a", 1], ["a", "1"]),
        (ParameterType.STRINGS, "alone", ["alone"]),
        (ParameterType.NUMBERS, ["1", 2], [1, 2]),
        (ParameterType.BOOLEANS, ["yes", False], [True, False]),
        (ParameterType.OBJECTS, [{"a": 1}], [{"a": 1}]),
        (ParameterType.OBJECTS, {"a": 1}, [{"a": 1}]),
    ],
)
def test_values_are_taken_as_they_are_meant(
    type: ParameterType, told: JsonValue, value: JsonValue
) -> None:
    extraction = extraction_of([parameter(type, options=("red", "blue"))], {"p": told})

    assert extraction.values == {"p": value}
    assert extraction.problems == ()


@pytest.mark.parametrize(
    ("type", "told", "empty", "problem"),
    [
        (ParameterType.STRING, {"a": 1}, "", "p is no text."),
        (ParameterType.STRING, True, "", "p is no text."),
        (ParameterType.NUMBER, "many", 0, "p is no number."),
        (ParameterType.NUMBER, True, 0, "p is no number."),
        (ParameterType.NUMBER, "inf", 0, "p is no finite number."),
        (ParameterType.BOOLEAN, "maybe", False, "p is neither true nor false."),
        (ParameterType.BOOLEAN, [], False, "p is neither true nor false."),
        (ParameterType.SELECT, "green", "", "p is none of red, blue."),
        (ParameterType.NUMBERS, [1, "x"], [], "p is no number."),
        (ParameterType.OBJECTS, ["x"], [], "p holds something that is no object."),
    ],
)
def test_what_fits_no_type_is_told_and_left_empty(
    type: ParameterType, told: JsonValue, empty: JsonValue, problem: str
) -> None:
    extraction = extraction_of([parameter(type, options=("red", "blue"))], {"p": told})

    assert extraction.values == {"p": empty}
    assert extraction.problems == (problem,)


@pytest.mark.parametrize("found", [{}, {"p": None}, {"other": 1}])
def test_a_required_value_has_to_be_found(found: JsonObject) -> None:
    missing = extraction_of([parameter(ParameterType.STRING, required=True)], found)
    optional = extraction_of([parameter(ParameterType.STRING)], found)

    assert missing.problems == ("p was not found.",)
    assert optional.problems == ()
    assert missing.values == optional.values == {"p": ""}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(ParameterType)), JSON)
def test_whatever_was_found_there_is_a_value_of_the_type(
    type: ParameterType, told: JsonValue
) -> None:
    (value,) = extraction_of([parameter(type, options=("red",))], {"p": told}).values.values()

    kinds = {
        ParameterType.NUMBER: (int, float),
        ParameterType.BOOLEAN: (bool,),
        ParameterType.BOOL: (bool,),
        ParameterType.STRING: (str,),
        ParameterType.SELECT: (str,),
    }
    assert isinstance(value, kinds.get(type, (list,)))
    assert json.loads(json.dumps(value)) == value


def test_a_number_of_any_size_is_one() -> None:
    told = int("9" * 400)

    assert extraction_of([parameter(ParameterType.NUMBER)], {"p": told}).values == {"p": told}
