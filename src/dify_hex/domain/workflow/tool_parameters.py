"""The parameters of tools and of agents' strategies, as a graph fills them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template

MAX_PARAMETERS = 100


class ParameterSource(StrEnum):
    """Where a parameter's value comes from: a text with references, a variable, or as it is."""

    MIXED = "mixed"
    VARIABLE = "variable"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolParameter:
    """A value: a template for `mixed`, a selector as a list for `variable`."""

    type: ParameterSource
    value: JsonValue = None

    @property
    def selector(self) -> Selector | None:
        """The variable it is; None for another kind, or for what is no selector."""
        if self.type is not ParameterSource.VARIABLE or not isinstance(self.value, list | tuple):
            return None
        parts = [part if isinstance(part, str) and "." not in part else "" for part in self.value]
        return Selector.parse(".".join(parts))

    def references(self, field: str) -> Iterator[Reference]:
        """The values that it needs."""
        if (selector := self.selector) is not None:
            yield Reference(selector, field)
        elif self.type is ParameterSource.MIXED and isinstance(self.value, str):
            for shown in Template.parse(self.value).selectors:
                yield Reference(shown, field)

    def faults(self, field: str) -> Iterator[ConfigFault]:
        """A value that does not fit where it comes from."""
        if self.type is ParameterSource.MIXED and not isinstance(self.value, str | None):
            yield ConfigFault(
                code="parameter_invalid",
                field=field,
                message="Write a text, or make the parameter a constant.",
            )
        if self.type is ParameterSource.VARIABLE and self.selector is None:
            yield ConfigFault(
                code="selector_invalid", field=field, message="Name the node and its output."
            )


def parameter_references(
    parameters: Mapping[str, ToolParameter], field: str
) -> Iterator[Reference]:
    """The values that all parameters need."""
    for name, parameter in parameters.items():
        yield from parameter.references(f"{field}.{name}.value")


def parameter_faults(parameters: Mapping[str, ToolParameter], field: str) -> Iterator[ConfigFault]:
    """What is wrong with the parameters."""
    if len(parameters) > MAX_PARAMETERS:
        yield ConfigFault(
            code="parameters_count",
            field=field,
            message=f"Use at most {MAX_PARAMETERS} parameters.",
        )
    for name, parameter in parameters.items():
        yield from parameter.faults(f"{field}.{name}.value")
