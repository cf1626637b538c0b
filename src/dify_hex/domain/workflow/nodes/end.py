"""The end node: what a workflow hands back to who ran it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector, is_name
from dify_hex.domain.workflow.variables.value_type import WHATEVER, ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOutput:
    """One value of the run, and what it is called outside."""

    variable: str
    value_selector: Selector
    value_type: ValueType = ValueType.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class EndConfig(NodeConfig):
    """The values that become the run's outputs; those of several end nodes are put together."""

    type: ClassVar[str] = "end"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    run_outputs: tuple[EndOutput, ...] = ()

    def outputs(self) -> Mapping[str, ValueType]:
        """The values, by the names they have outside."""
        return {output.variable: output.value_type for output in self.run_outputs}

    def references(self) -> Iterable[Reference]:
        """Where the values come from."""
        for index, output in enumerate(self.run_outputs):
            kind = output.value_type
            yield Reference(
                output.value_selector,
                f"run_outputs.{index}.value_selector",
                accepts=WHATEVER if kind is ValueType.ANY else frozenset({kind}),
            )

    def faults(self) -> Iterable[ConfigFault]:
        """Names that a caller cannot use, or cannot tell apart."""
        counts = Counter(output.variable for output in self.run_outputs)
        for index, output in enumerate(self.run_outputs):
            field = f"run_outputs.{index}.variable"
            if not is_name(output.variable):
                yield ConfigFault(
                    code="name_invalid",
                    field=field,
                    message="Name the output with letters, digits and underscores.",
                )
            if counts[output.variable] > 1:
                yield ConfigFault(
                    code="duplicate_variable",
                    field=field,
                    message=f"Several outputs are called {output.variable}; rename all but one.",
                )
