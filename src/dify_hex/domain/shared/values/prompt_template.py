"""Instructions sent to a model, with the typed variables they are filled from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.input_variable import InputValue, InputVariable
from dify_hex.domain.shared.values.json_value import JsonObject

MAX_TEMPLATE_LENGTH = 100_000
MAX_VARIABLES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReading:
    """What reading the inputs of a call found: a value for each variable, and all that is wrong."""

    values: Mapping[str, InputValue]
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateReading:
    """What reading a template's text found: the names it uses, or why it cannot be read."""

    names: frozenset[str] = frozenset()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """A text with `{{ name }}` places, and the variables that may stand in them."""

    text: str = ""
    variables: tuple[InputVariable, ...] = ()

    def faults(self, path: str, reading: TemplateReading) -> Iterator[Fault]:
        """Everything that is wrong with the template, given what reading its text found."""
        yield from self._variable_faults(path)
        text_path = f"{path}.text"
        if len(self.text) > MAX_TEMPLATE_LENGTH:
            yield Fault(
                code="prompt_too_long",
                path=text_path,
                message=f"Use at most {MAX_TEMPLATE_LENGTH} characters.",
            )
        if reading.problem is not None:
            yield Fault(code="prompt_invalid", path=text_path, message=reading.problem)
        declared = {variable.name for variable in self.variables}
        for name in sorted(reading.names - declared):
            yield Fault(
                code="prompt_variable_undeclared",
                path=text_path,
                message=f"The prompt uses `{name}`; declare a variable of that name.",
            )

    def read_inputs(self, given: JsonObject) -> InputReading:
        """A value for every variable, in the order they are declared, and what is wrong.

        A variable that was left out takes its default. Required ones left out, unknown inputs and
        values that do not fit are faults.
        """
        values: dict[str, InputValue] = {}
        faults: list[Fault] = []
        for variable in self.variables:
            value = given.get(variable.name)
            if variable.is_missing(value):
                values[variable.name] = variable.value_when_missing()
                if variable.required and variable.default is None:
                    faults.append(_missing(variable))
                continue
            problem = variable.problem_with(value)
            if problem is not None:
                faults.append(problem)
            else:
                # What fits any variable is text, a number, or true or false.
                values[variable.name] = cast(InputValue, value)
        faults.extend(self._unknown(given))
        return InputReading(values=values, faults=faults)

    def _unknown(self, given: JsonObject) -> Iterator[Fault]:
        declared = {variable.name for variable in self.variables}
        unknown = (name for name in given if name not in declared)
        for name in islice(unknown, MAX_VARIABLES):
            yield Fault(
                code="input_unknown",
                path=f"inputs.{name[:64]}",
                message=f"The app declares no variable `{name[:64]}`.",
            )

    def _variable_faults(self, path: str) -> Iterator[Fault]:
        if len(self.variables) > MAX_VARIABLES:
            yield Fault(
                code="prompt_variables_too_many",
                path=f"{path}.variables",
                message=f"Declare at most {MAX_VARIABLES} variables.",
            )
        seen: set[str] = set()
        for index, variable in enumerate(self.variables):
            variable_path = f"{path}.variables[{index}]"
            yield from variable.faults(variable_path)
            if variable.name in seen:
                yield Fault(
                    code="variable_name_duplicate",
                    path=f"{variable_path}.name",
                    message=f"Another variable is called `{variable.name}` already.",
                )
            seen.add(variable.name)


def _missing(variable: InputVariable) -> Fault:
    return Fault(
        code="input_missing",
        path=f"inputs.{variable.name}",
        message=f"`{variable.name}` is required.",
    )
