"""The start node: where a run's inputs enter the graph."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.start_variables import StartVariable
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.value_type import ValueType

MAX_VARIABLES = 100
#: Names of inputs are shown in faults up to this length.
_SHOWN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReading:
    """A value for each input that is declared, and all that is wrong with those that were given.

    Of inputs that are wrong there is no value.
    """

    values: JsonObject
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartConfig(NodeConfig):
    """The inputs of the graph, which later nodes may refer to."""

    type: ClassVar[str] = "start"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    variables: tuple[StartVariable, ...] = ()

    def read_inputs(self, given: JsonObject) -> StartReading:
        """What a run begins with, in the order in which it is declared, and what is wrong.

        An input that was left out takes its default. Files are as the caller named them.
        """
        values: dict[str, JsonValue] = {}
        faults: list[Fault] = []
        for variable in self.variables:
            name, value = variable.variable, given.get(variable.variable)
            if not variable.is_missing(value):
                problem = variable.problem_with(value)
            elif variable.required and variable.default is None:
                problem = _missing(name)
            else:
                problem, value = None, variable.value_when_missing()
            if problem is None:
                values[name] = value
            else:
                faults.append(problem)
        return StartReading(values=values, faults=(*faults, *self._unknown(given)))

    def outputs(self) -> Mapping[str, ValueType]:
        """The inputs, by name."""
        return {variable.variable: variable.type.value_type for variable in self.variables}

    def references(self) -> Iterable[Reference]:
        """None: a start depends on nothing."""
        return ()

    def faults(self) -> Iterable[ConfigFault]:
        """Too many inputs, names that clash, and inputs that nobody could fill."""
        if len(self.variables) > MAX_VARIABLES:
            yield ConfigFault(
                code="variables_too_many",
                field="variables",
                message=f"Declare at most {MAX_VARIABLES} inputs.",
            )
        counts = Counter(variable.variable for variable in self.variables)
        for index, variable in enumerate(self.variables):
            place = f"variables.{index}"
            if counts[variable.variable] > 1:
                yield ConfigFault(
                    code="duplicate_variable",
                    field=f"{place}.variable",
                    message=f"Several inputs are called {variable.variable}; rename all but one.",
                )
            for fault in variable.faults(place):
                yield ConfigFault(code=fault.code, field=fault.path, message=fault.message)

    def _unknown(self, given: JsonObject) -> Iterator[Fault]:
        declared = {variable.variable for variable in self.variables}
        unknown = (name for name in given if name not in declared)
        for name in islice(unknown, MAX_VARIABLES):
            yield Fault(
                code="input_unknown",
                path=f"inputs.{name[:_SHOWN]}",
                message=f"The workflow declares no input `{name[:_SHOWN]}`.",
            )


def _missing(name: str) -> Fault:
    return Fault(code="input_missing", path=f"inputs.{name}", message=f"`{name}` is required.")
