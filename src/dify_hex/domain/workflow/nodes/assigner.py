"""The assigner node: gives variables of the conversation and of loops other values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.assignments import (
    Operation,
    Refused,
    apply,
    kept_small,
    problem_with_constant,
)
from dify_hex.domain.workflow.errors import AssignmentRefused
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import CONVERSATION, Selector
from dify_hex.domain.workflow.variables.value_type import ARRAYS, WHATEVER, ValueType

_NUMBERS = frozenset({ValueType.NUMBER, ValueType.INTEGER, ValueType.FLOAT})
_ARITHMETIC = frozenset({Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY, Operation.DIVIDE})
#: The types of variable that an operation works on; the others work on any.
_WORKS_ON = {
    **dict.fromkeys(_ARITHMETIC, _NUMBERS),
    Operation.APPEND: ARRAYS,
    Operation.EXTEND: ARRAYS,
    Operation.REMOVE_FIRST: ARRAYS,
    Operation.REMOVE_LAST: ARRAYS,
}
#: The types of value that an operation takes; the others take any.
_TAKES = {**dict.fromkeys(_ARITHMETIC, _NUMBERS), Operation.EXTEND: ARRAYS}


class InputType(StrEnum):
    """Where the value comes from that a variable is changed by."""

    VARIABLE = "variable"
    CONSTANT = "constant"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentItem:
    """One change of one variable.

    `value` is a constant, or the selector of another value as a list of its parts; clearing and
    removing need none.
    """

    variable_selector: Selector
    operation: Operation
    input_type: InputType = InputType.VARIABLE
    value: JsonValue = None

    @property
    def source(self) -> Selector | None:
        """Where the value comes from; None where it is a constant, not needed, or no selector."""
        if self.input_type is InputType.CONSTANT or not self.operation.takes_value:
            return None
        if not isinstance(self.value, list | tuple) or len(self.value) < 2:
            return None
        node_id, name, *path = map(str, self.value)
        return Selector(NodeId(node_id), name, tuple(path))

    def applied(self, pool: VariablePool) -> JsonValue:
        """What the variable is after the change.

        Raises:
            VariableMissing: the variable or the value is not there.
            AssignmentRefused: the change makes no sense of these two, or makes more of a
                conversation's variable than it may keep.
        """
        current = pool.get(self.variable_selector)
        operand = self.value if self.source is None else pool.get(self.source)
        try:
            value = apply(self.operation, current, operand)
            # The rounds of a loop end; a conversation goes on with what it keeps.
            return kept_small(value) if self.variable_selector.node_id == CONVERSATION else value
        except Refused as error:
            raise AssignmentRefused(
                selector=str(self.variable_selector),
                operation=self.operation.value,
                reason=error.reason,
            ) from None

    def faults(self, field: str) -> Iterable[ConfigFault]:
        """A value that is missing, or that the operation can never take."""
        if not self.operation.takes_value:
            return
        if self.input_type is InputType.VARIABLE:
            if self.source is None:
                yield ConfigFault(
                    code="selector_invalid",
                    field=f"{field}.value",
                    message="Name the node and its output, as a list.",
                )
            return
        problem = problem_with_constant(self.operation, self.value)
        if problem is not None:
            yield ConfigFault(
                code="assignment_value_invalid",
                field=f"{field}.value",
                message=f"With {self.operation}, {problem}.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignerConfig(NodeConfig):
    """The changes, in their order: each sees what those before it have done."""

    type: ClassVar[str] = "assigner"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    items: tuple[AssignmentItem, ...]

    def assign(self, pool: VariablePool) -> Mapping[Selector, JsonValue]:
        """The variables that are changed, and what they are after the last change.

        Raises:
            VariableMissing: a variable or a value is not there.
            AssignmentRefused: a change makes no sense of the values it has to do with.
        """
        seen = pool.inner()
        assigned: dict[Selector, JsonValue] = {}
        for item in self.items:
            target = item.variable_selector
            assigned[target] = item.applied(seen)
            seen.put(target.node_id, {**seen.of(target.node_id), target.name: assigned[target]})
        return assigned

    def outputs(self) -> Mapping[str, ValueType]:
        """None: what is assigned is selected where it is kept."""
        return {}

    def references(self) -> Iterable[Reference]:
        """The values that variables are changed by."""
        for index, item in enumerate(self.items):
            if item.source is not None:
                accepts = _TAKES.get(item.operation, WHATEVER)
                yield Reference(item.source, f"items.{index}.value", accepts=accepts)

    def assigns(self) -> Iterable[Reference]:
        """The variables that are changed."""
        for index, item in enumerate(self.items):
            accepts = _WORKS_ON.get(item.operation, WHATEVER)
            yield Reference(
                item.variable_selector, f"items.{index}.variable_selector", accepts=accepts
            )

    def faults(self) -> Iterable[ConfigFault]:
        """Nothing to change, and values that cannot be meant."""
        if not self.items:
            yield ConfigFault(
                code="assignment_missing", field="items", message="Say which variable is changed."
            )
        for index, item in enumerate(self.items):
            yield from item.faults(f"items.{index}")
