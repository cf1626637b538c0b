"""The loop node: runs its children again and again, with variables that outlive each round."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.workflow.conditions import Condition, ConditionGroup
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType

MAX_ROUNDS = 1000
#: The name under which a loop puts out how often it has gone round.
ROUNDS = "loop_round"


class ValueSource(StrEnum):
    """Where a loop's variable gets its first value from."""

    VARIABLE = "variable"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopVariable:
    """A variable of the loop; `value` is a constant, or a selector as a list of its parts."""

    label: str
    var_type: ValueType
    value_type: ValueSource = ValueSource.CONSTANT
    value: JsonValue = None

    @property
    def selector(self) -> Selector | None:
        """Where its first value comes from; None for a constant, or for what is no selector."""
        if self.value_type is ValueSource.CONSTANT or not isinstance(self.value, list | tuple):
            return None
        return Selector.parse(".".join(map(str, self.value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopConfig(NodeConfig):
    """How often at the most, when to end before that, and what the rounds hand on.

    The conditions are tested before the first round and after each.
    """

    type: ClassVar[str] = "loop"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True
    opens_scope: ClassVar[bool] = True

    loop_count: int
    break_conditions: tuple[Condition, ...] = ()
    logical_operator: LogicalOperator = LogicalOperator.AND
    loop_variables: tuple[LoopVariable, ...] = ()

    @property
    def ends_when(self) -> ConditionGroup | None:
        """The conditions together; None where there are none."""
        if not self.break_conditions:
            return None
        return ConditionGroup(
            logical_operator=self.logical_operator, conditions=self.break_conditions
        )

    def outputs(self) -> Mapping[str, ValueType]:
        """The variables as the last round left them, and the number of rounds."""
        return {**self.scope_variables(), ROUNDS: ValueType.INTEGER}

    def references(self) -> Iterable[Reference]:
        """Where the variables get their first values from."""
        for index, variable in enumerate(self.loop_variables):
            if (selector := variable.selector) is not None:
                field = f"loop_variables.{index}.value"
                yield Reference(selector, field, frozenset({variable.var_type}))

    def scope_variables(self) -> Mapping[str, ValueType]:
        """What the children see of the loop itself, and may set."""
        return {variable.label: variable.var_type for variable in self.loop_variables}

    def inner_references(self) -> Iterable[Reference]:
        """What the conditions look at."""
        conditions = self.ends_when
        return () if conditions is None else conditions.references("break_conditions")

    def faults(self) -> Iterable[ConfigFault]:
        """Too many rounds, and variables that are not clear."""
        if not 1 <= self.loop_count <= MAX_ROUNDS:
            yield ConfigFault(
                code="number_out_of_range",
                field="loop_count",
                message=f"Let a loop go round from 1 to {MAX_ROUNDS} times.",
            )
        if (conditions := self.ends_when) is not None:
            yield from conditions.faults("break_conditions")
        for label, count in Counter(each.label for each in self.loop_variables).items():
            if count > 1 or label == ROUNDS:
                yield ConfigFault(
                    code="duplicate_variable",
                    field="loop_variables",
                    message=f"Give {label} a name of its own.",
                )
        for index, variable in enumerate(self.loop_variables):
            if variable.value_type is ValueSource.VARIABLE and variable.selector is None:
                yield ConfigFault(
                    code="selector_invalid",
                    field=f"loop_variables.{index}.value",
                    message="Name the node and its output.",
                )
