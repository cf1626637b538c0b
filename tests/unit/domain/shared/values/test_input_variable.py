"""What a variable may be called, and what may be put into it."""

import pytest

from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.json_value import JsonValue


def codes(variable: InputVariable) -> list[str]:
    return [fault.code for fault in variable.faults("variables[0]")]


@pytest.mark.parametrize("name", ["tone", "_x", "A1", "a" * 64])
def test_a_name_of_letters_digits_and_underscores_is_fine(name: str) -> None:
    assert codes(InputVariable(name=name)) == []


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "名", "a" * 65, "true", "None", "for"])
def test_a_name_the_template_language_cannot_use_is_a_fault(name: str) -> None:
    assert codes(InputVariable(name=name)) == ["variable_name_invalid"]


def test_a_fault_says_where_it_is() -> None:
    (fault,) = InputVariable(name="").faults("prompt.variables[3]")

    assert fault.path == "prompt.variables[3].name"


def test_a_label_may_not_be_a_story() -> None:
    assert codes(InputVariable(name="a", label="x" * 201)) == ["variable_label_too_long"]


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (InputVariable(name="a", max_length=0), ["variable_max_length_invalid"]),
        (InputVariable(name="a", max_length=1_001), ["variable_max_length_invalid"]),
        (InputVariable(name="a", max_length=1_000), []),
        (InputVariable(name="a", type=VariableType.PARAGRAPH, max_length=1_001), []),
        (
            InputVariable(name="a", type=VariableType.NUMBER, max_length=5),
            ["variable_max_length_invalid"],
        ),
    ],
)
def test_the_longest_length_belongs_to_text_and_has_a_ceiling(
    variable: InputVariable, expected: list[str]
) -> None:
    assert codes(variable) == expected


def select(*options: str, default: str | None = None, required: bool = True) -> InputVariable:
    return InputVariable(
        name="a", type=VariableType.SELECT, options=options, default=default, required=required
    )


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (select("x", "y"), []),
        (select(), ["variable_options_count"]),
        (select(*map(str, range(201))), ["variable_options_count"]),
        (select("x", "x"), ["variable_options_invalid"]),
        (select("x", " "), ["variable_options_invalid"]),
        (InputVariable(name="a", options=("x",)), ["variable_options_unexpected"]),
    ],
)
def test_options_belong_to_a_select_which_needs_them(
    variable: InputVariable, expected: list[str]
) -> None:
    assert codes(variable) == expected


def test_a_default_has_to_fit_the_variable_itself() -> None:
    assert codes(select("x", default="z")) == ["variable_default_invalid"]
    assert codes(select("x", default="x")) == []


def number() -> InputVariable:
    return InputVariable(name="a", type=VariableType.NUMBER)


def checkbox() -> InputVariable:
    return InputVariable(name="a", type=VariableType.CHECKBOX)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (InputVariable(name="a"), "text"),
        (InputVariable(name="a", max_length=4), "four"),
        (select("x"), "x"),
        (number(), 1),
        (number(), -1.5),
        (number(), 2**53),
        (checkbox(), True),
        (checkbox(), False),
    ],
)
def test_values_that_fit(variable: InputVariable, value: JsonValue) -> None:
    assert variable.problem_with(value) is None


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        (InputVariable(name="a"), 1, "input_wrong_type"),
        (InputVariable(name="a"), ["x"], "input_wrong_type"),
        (InputVariable(name="a"), "x" * 1_001, "input_too_long"),
        (InputVariable(name="a", max_length=4), "fives", "input_too_long"),
        (select("x"), "z", "input_not_an_option"),
        (select("x"), 1, "input_wrong_type"),
        (number(), "1", "input_wrong_type"),
        (number(), True, "input_wrong_type"),
        (number(), float("nan"), "input_wrong_type"),
        (number(), float("inf"), "input_wrong_type"),
        (number(), 2**53 + 1, "input_wrong_type"),
        pytest.param(number(), 10**400, "input_wrong_type", id="huge"),
        (checkbox(), 1, "input_wrong_type"),
        (checkbox(), "true", "input_wrong_type"),
    ],
)
def test_values_that_do_not_fit(variable: InputVariable, value: JsonValue, code: str) -> None:
    problem = variable.problem_with(value)

    assert problem is not None
    assert (problem.code, problem.path) == (code, "inputs.a")


@pytest.mark.parametrize(
    ("variable", "value", "missing"),
    [
        (InputVariable(name="a"), None, True),
        (InputVariable(name="a"), "  ", True),
        (InputVariable(name="a", required=False), "  ", False),
        (InputVariable(name="a"), "x", False),
        (InputVariable(name="a"), 0, False),
        (select("x", required=False), "", True),
        (number(), "", False),
    ],
)
def test_a_blank_text_is_missing_where_a_text_is_demanded(
    variable: InputVariable, value: JsonValue, missing: bool
) -> None:
    assert variable.is_missing(value) is missing


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        (InputVariable(name="a", default="x"), "x"),
        (InputVariable(name="a"), ""),
        (select("x"), ""),
        (number(), None),
        (checkbox(), False),
    ],
)
def test_what_stands_in_for_a_value_that_was_left_out(
    variable: InputVariable, expected: JsonValue
) -> None:
    assert variable.value_when_missing() == expected
