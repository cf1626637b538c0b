"""The template-transform node: a text made of values, by a template."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.plain_template import is_plain
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector, is_name
from dify_hex.domain.workflow.variables.value_type import ValueType

#: The longest text that comes of it, in characters.
MAX_OUTPUT = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVariable:
    """What the template calls a value of the run."""

    variable: str
    value_selector: Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTransformConfig(NodeConfig):
    """The template, with `{{ name }}` places, and what the names stand for."""

    type: ClassVar[str] = "template-transform"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    template: str
    variables: tuple[TemplateVariable, ...] = ()

    @property
    def is_pure(self) -> bool:
        """Whether the template can be rendered at once; any other one is, in the sandbox."""
        return is_plain(self.template)

    def outputs(self) -> Mapping[str, ValueType]:
        """The text."""
        return {"output": ValueType.STRING}

    def references(self) -> Iterable[Reference]:
        """The values that have a name in the template."""
        for index, variable in enumerate(self.variables):
            yield Reference(variable.value_selector, f"variables.{index}.value_selector")

    def faults(self) -> Iterable[ConfigFault]:
        """Names that a template cannot use, or cannot tell apart."""
        counts = Counter(variable.variable for variable in self.variables)
        for index, variable in enumerate(self.variables):
            field = f"variables.{index}.variable"
            if not is_name(variable.variable):
                yield ConfigFault(
                    code="name_invalid",
                    field=field,
                    message="Name the variable with letters, digits and underscores.",
                )
            if counts[variable.variable] > 1:
                yield ConfigFault(
                    code="duplicate_variable",
                    field=field,
                    message=f"Several variables are called {variable.variable}; rename all but "
                    "one.",
                )
