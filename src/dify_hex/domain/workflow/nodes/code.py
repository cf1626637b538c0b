"""The code node: a function of the author's, run in a sandbox."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector, is_name
from dify_hex.domain.workflow.variables.value_type import WHATEVER, ValueType

MAX_CODE_LENGTH = 400_000
MAX_OUTPUTS = 50
#: How deeply the fields of what is put out may be described.
MAX_OUTPUT_DEPTH = 5
MAX_DEPENDENCIES = 50
#: The most that one execution may be given; the sandbox may allow less.
MAX_SECONDS = 600.0
MAX_MEGABYTES = 4096

_OUTPUT_TYPES = frozenset(
    {
        ValueType.STRING,
        ValueType.NUMBER,
        ValueType.BOOLEAN,
        ValueType.OBJECT,
        ValueType.STRINGS,
        ValueType.NUMBERS,
        ValueType.BOOLEANS,
        ValueType.OBJECTS,
        ValueType.FILE,
        ValueType.FILES,
    }
)
_WITH_FIELDS = frozenset({ValueType.OBJECT, ValueType.OBJECTS})


class CodeLanguage(StrEnum):
    """What the function is written in."""

    PYTHON = "python3"
    JAVASCRIPT = "javascript"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeVariable:
    """An argument of the function, and the value of the run that it gets."""

    variable: str
    value_selector: Selector
    value_type: ValueType = ValueType.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOutput:
    """What the function returns under a name; `children` are the fields of an object."""

    type: ValueType
    children: Mapping[str, "CodeOutput"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDependency:
    """A library that the code imports, and the version that it was written for.

    The sandbox has one version of each, which its operator has chosen.
    """

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBounds:
    """What one execution may use up; result, files and prints count as output together."""

    seconds: float = 30.0
    memory_megabytes: int = 512
    output_megabytes: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeConfig(NodeConfig):
    """The source of a function `main`, its arguments, and what the object it returns holds."""

    type: ClassVar[str] = "code"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = False
    accepts_secrets: ClassVar[bool] = True

    code_language: CodeLanguage
    code: str
    variables: tuple[CodeVariable, ...] = ()
    returns: Mapping[str, CodeOutput]
    dependencies: tuple[CodeDependency, ...] = ()
    limits: CodeBounds = field(default_factory=CodeBounds)

    def outputs(self) -> Mapping[str, ValueType]:
        """The fields of the object that the function returns."""
        return {name: output.type for name, output in self.returns.items()}

    def references(self) -> Iterable[Reference]:
        """The arguments."""
        for index, variable in enumerate(self.variables):
            kind = variable.value_type
            yield Reference(
                variable.value_selector,
                f"variables.{index}.value_selector",
                accepts=WHATEVER if kind is ValueType.ANY else frozenset({kind}),
            )

    def faults(self) -> Iterable[ConfigFault]:
        """No code, too much of it, and names that a function cannot use."""
        if not self.code.strip():
            yield ConfigFault(
                code="code_missing", field="code", message="Write a function called main."
            )
        if len(self.code) > MAX_CODE_LENGTH:
            yield ConfigFault(
                code="code_too_long",
                field="code",
                message=f"Use at most {MAX_CODE_LENGTH} characters; move parts into nodes of "
                "their own.",
            )
        yield from self._variable_faults()
        if not 1 <= len(self.returns) <= MAX_OUTPUTS:
            yield ConfigFault(
                code="code_outputs_count",
                field="returns",
                message=f"Say what main returns: from 1 to {MAX_OUTPUTS} names and their types.",
            )
        yield from _output_faults(self.returns, "returns", 1)
        yield from self._dependency_faults()
        yield from self._limit_faults()

    def _variable_faults(self) -> Iterator[ConfigFault]:
        counts = Counter(variable.variable for variable in self.variables)
        for index, variable in enumerate(self.variables):
            field = f"variables.{index}.variable"
            if not is_name(variable.variable):
                yield _bad_name(field)
            if counts[variable.variable] > 1:
                yield ConfigFault(
                    code="duplicate_variable",
                    field=field,
                    message=f"Several variables are called {variable.variable}; rename all but "
                    "one.",
                )

    def _dependency_faults(self) -> Iterator[ConfigFault]:
        if len(self.dependencies) > MAX_DEPENDENCIES:
            yield ConfigFault(
                code="code_dependencies_count",
                field="dependencies",
                message=f"Use at most {MAX_DEPENDENCIES} libraries.",
            )
        for index, dependency in enumerate(self.dependencies):
            if not dependency.name.strip():
                yield ConfigFault(
                    code="name_invalid",
                    field=f"dependencies.{index}.name",
                    message="Name the library, or remove it.",
                )

    def _limit_faults(self) -> Iterator[ConfigFault]:
        limits = self.limits
        for name, value, most, unit in (
            ("seconds", limits.seconds, MAX_SECONDS, "seconds"),
            ("memory_megabytes", limits.memory_megabytes, MAX_MEGABYTES, "megabytes"),
            ("output_megabytes", limits.output_megabytes, MAX_MEGABYTES, "megabytes"),
        ):
            if not 0 < value <= most:
                yield ConfigFault(
                    code="number_out_of_range",
                    field=f"limits.{name}",
                    message=f"Use more than 0 and at most {most:g} {unit}.",
                )


def _output_faults(
    outputs: Mapping[str, CodeOutput], field: str, depth: int
) -> Iterator[ConfigFault]:
    if outputs and depth > MAX_OUTPUT_DEPTH:
        yield ConfigFault(
            code="code_output_too_deep",
            field=field,
            message=f"Describe at most {MAX_OUTPUT_DEPTH} levels; leave the fields of the last "
            "one out.",
        )
        return
    for name, output in outputs.items():
        place = f"{field}.{name}"
        if not is_name(name):
            yield _bad_name(place)
        if output.type not in _OUTPUT_TYPES:
            yield ConfigFault(
                code="code_output_type",
                field=f"{place}.type",
                message=f"Code cannot return {output.type}; use one of "
                f"{', '.join(sorted(_OUTPUT_TYPES))}.",
            )
        if output.children and output.type not in _WITH_FIELDS:
            yield ConfigFault(
                code="code_output_children",
                field=f"{place}.children",
                message=f"A value of the type {output.type} has no fields; leave them out.",
            )
        yield from _output_faults(output.children or {}, f"{place}.children", depth + 1)


def _bad_name(field: str) -> ConfigFault:
    return ConfigFault(
        code="name_invalid",
        field=field,
        message="Use letters, digits and underscores, not beginning with a digit, at most 64.",
    )
