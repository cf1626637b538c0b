"""What a prompt demands of the inputs, and what can be wrong with the prompt."""

from hypothesis import given
from hypothesis import strategies as st

from dify_hex.domain.shared.values.input_variable import InputVariable, VariableType
from dify_hex.domain.shared.values.json_value import JsonObject
from dify_hex.domain.shared.values.prompt_template import PromptTemplate, TemplateReading

TONE = InputVariable(name="tone", default="kind", required=False)
AGE = InputVariable(name="age", type=VariableType.NUMBER)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
variables = st.lists(
    st.builds(
        InputVariable,
        name=st.sampled_from(["a", "b", "c", "d"]),
        type=st.sampled_from(VariableType),
        required=st.booleans(),
        options=st.just(("x", "y")),
        max_length=st.none() | st.integers(1, 10),
    ),
    unique_by=lambda variable: variable.name,
    max_size=4,
).map(tuple)


def test_every_variable_gets_a_value_and_left_out_ones_their_default() -> None:
    reading = PromptTemplate(variables=(TONE, AGE)).read_inputs({"age": 7})

    assert reading.values == {"tone": "kind", "age": 7}
    assert reading.faults == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    template = PromptTemplate(variables=(AGE, InputVariable(name="city")))

    reading = template.read_inputs({"age": "seven", "colour": "red"})

    assert [(fault.code, fault.path) for fault in reading.faults] == [
        ("input_wrong_type", "inputs.age"),
        ("input_missing", "inputs.city"),
        ("input_unknown", "inputs.colour"),
    ]


def test_unknown_inputs_are_named_up_to_a_point() -> None:
    reading = PromptTemplate().read_inputs({f"{'x' * 500}{n}": 1 for n in range(1_000)})

    assert len(reading.faults) == 100
    assert all(len(fault.path) <= 80 for fault in reading.faults)


def test_a_required_variable_with_a_default_can_be_left_out() -> None:
    reading = PromptTemplate(variables=(InputVariable(name="a", default="x"),)).read_inputs({})

    assert (reading.values, reading.faults) == ({"a": "x"}, [])


@given(variables, st.dictionaries(st.sampled_from(["a", "b", "c", "z"]), json_values))
def test_inputs_without_faults_give_each_variable_a_value_of_its_type(
    declared: tuple[InputVariable, ...], given_inputs: JsonObject
) -> None:
    reading = PromptTemplate(variables=declared).read_inputs(given_inputs)

    if not reading.faults:
        assert list(reading.values) == [variable.name for variable in declared]
        for variable in declared:
            value = reading.values[variable.name]
            assert value == variable.value_when_missing() or variable.problem_with(value) is None


@given(variables, st.dictionaries(st.sampled_from(["a", "b", "c", "z"]), json_values))
def test_reading_its_own_values_again_changes_nothing(
    declared: tuple[InputVariable, ...], given_inputs: JsonObject
) -> None:
    template = PromptTemplate(variables=declared)
    first = template.read_inputs(given_inputs)

    if not first.faults:
        assert template.read_inputs(first.values).values == first.values


def test_a_name_that_is_not_declared_is_a_fault() -> None:
    template = PromptTemplate(text="{{ tone }} {{ b }} {{ a }}", variables=(TONE,))

    faults = list(template.faults("prompt", TemplateReading(names=frozenset({"tone", "a", "b"}))))

    assert [fault.code for fault in faults] == ["prompt_variable_undeclared"] * 2
    assert "`a`" in faults[0].message
    assert {fault.path for fault in faults} == {"prompt.text"}


def test_a_text_that_cannot_be_read_is_a_fault() -> None:
    (fault,) = PromptTemplate(text="{{").faults("prompt", TemplateReading(problem="Unclosed."))

    assert (fault.code, fault.message) == ("prompt_invalid", "Unclosed.")


def test_names_are_used_once() -> None:
    template = PromptTemplate(variables=(TONE, TONE))

    (fault,) = template.faults("prompt", TemplateReading())

    assert (fault.code, fault.path) == ("variable_name_duplicate", "prompt.variables[1].name")


def test_size_has_limits() -> None:
    many = tuple(InputVariable(name=f"v{n}") for n in range(101))

    faults = list(PromptTemplate(text="x" * 100_001, variables=many).faults("p", TemplateReading()))

    assert [fault.code for fault in faults] == ["prompt_variables_too_many", "prompt_too_long"]
