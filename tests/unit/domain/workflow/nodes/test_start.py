"""The start node reads what a caller sends, and tells everything that is wrong at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.nodes.start import MAX_VARIABLES, StartConfig
from dify_hex.domain.workflow.start_variables import StartInputType, StartVariable
from dify_hex.domain.workflow.variables.value_type import ValueType

TOPIC = StartVariable(variable="topic", required=True, max_length=5)
COUNT = StartVariable(variable="count", type=StartInputType.NUMBER, default=3, required=True)
PHOTO = StartVariable(variable="photo", type=StartInputType.FILE)
START = StartConfig(variables=(TOPIC, COUNT, PHOTO))


def test_what_was_left_out_takes_its_default() -> None:
    reading = START.read_inputs({"topic": "hexes"})

    assert reading.values == {"topic": "hexes", "count": 3, "photo": None}
    assert list(reading.values) == ["topic", "count", "photo"]
    assert reading.faults == ()


def test_what_was_given_is_kept() -> None:
    given: JsonObject = {"topic": "hexes", "count": 0, "photo": "an id"}

    assert START.read_inputs(given).values == given


def test_everything_that_is_wrong_is_told_at_once() -> None:
    reading = START.read_inputs({"topic": "too long", "count": "3", "photo": 1, "more": 1})

    assert reading.values == {}
    assert [(fault.code, fault.path) for fault in reading.faults] == [
        ("input_too_long", "inputs.topic"),
        ("input_wrong_type", "inputs.count"),
        ("input_wrong_type", "inputs.photo"),
        ("input_unknown", "inputs.more"),
    ]


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_what_is_required_must_be_given(blank: JsonValue) -> None:
    reading = START.read_inputs({"topic": blank})

    assert [(fault.code, fault.path) for fault in reading.faults] == [
        ("input_missing", "inputs.topic")
    ]


def test_a_flood_of_unknown_inputs_is_cut_short() -> None:
    reading = StartConfig().read_inputs({"a" * 500 + str(n): 1 for n in range(500)})

    assert len(reading.faults) == MAX_VARIABLES
    assert all(len(fault.path) < 80 for fault in reading.faults)


@given(st.dictionaries(st.sampled_from(["topic", "count", "photo", "more"]), st.integers()))
def test_an_input_has_a_value_or_a_fault(given_inputs: dict[str, int]) -> None:
    reading = START.read_inputs(given_inputs)

    wrong = {fault.path.removeprefix("inputs.") for fault in reading.faults}
    assert reading.values.keys() | wrong == {"topic", "count", "photo"} | given_inputs.keys()
    assert not reading.values.keys() & wrong


def test_inputs_can_be_selected_by_later_nodes() -> None:
    assert START.outputs() == {
        "topic": ValueType.STRING,
        "count": ValueType.NUMBER,
        "photo": ValueType.FILE,
    }
    assert list(START.references()) == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ((TOPIC, COUNT), []),
        (
            (TOPIC, TOPIC),
            [
                ("duplicate_variable", "variables.0.variable"),
                ("duplicate_variable", "variables.1.variable"),
            ],
        ),
        (
            (TOPIC, StartVariable(variable="1st")),
            [("variable_name_invalid", "variables.1.variable")],
        ),
        (
            tuple(StartVariable(variable=f"x{n}") for n in range(MAX_VARIABLES + 1)),
            [("variables_too_many", "variables")],
        ),
    ],
)
def test_faults(variables: tuple[StartVariable, ...], expected: list[tuple[str, str]]) -> None:
    found = StartConfig(variables=variables).faults()

    assert [(fault.code, fault.field) for fault in found] == expected
