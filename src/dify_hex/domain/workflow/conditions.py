"""Conditions on a run's values, by which it branches and its loops end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dify_hex.domain.shared.values.file_reference import FILE_ATTRIBUTES, FileReference
from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.shared.values.logical_operator import LogicalOperator
from dify_hex.domain.workflow.comparisons import (
    EQUALITIES,
    ORDERS,
    ComparisonOperator,
    Incomparable,
    compare,
)
from dify_hex.domain.workflow.errors import ConditionUndecidable, VariableMissing
from dify_hex.domain.workflow.expectations import expanded, selectors_in, value_faults
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ARRAYS, ValueType

#: Applied to files, these look at the files' attributes.
OF_FILES = frozenset(
    {ComparisonOperator.CONTAINS, ComparisonOperator.NOT_CONTAINS, ComparisonOperator.ALL_OF}
)

_TEXTS = frozenset({ValueType.STRING, ValueType.SECRET})
_NUMBERS = frozenset({ValueType.NUMBER, ValueType.BOOLEAN})
#: What is only looked at may even be secret.
_ANYTHING = frozenset(ValueType)
_ACCEPTED = {
    ComparisonOperator.CONTAINS: _TEXTS | ARRAYS,
    ComparisonOperator.NOT_CONTAINS: _TEXTS | ARRAYS,
    ComparisonOperator.START_WITH: _TEXTS,
    ComparisonOperator.END_WITH: _TEXTS,
    ComparisonOperator.IS: _TEXTS | {ValueType.BOOLEAN},
    ComparisonOperator.IS_NOT: _TEXTS | {ValueType.BOOLEAN},
    **dict.fromkeys(EQUALITIES | ORDERS, _NUMBERS),
}


def attribute_is(
    file: FileReference, key: str, operator: ComparisonOperator, expected: JsonValue
) -> bool:
    """Whether an attribute of a file is what the operator asks for; an extension has its dot.

    Raises:
        Incomparable: the operator does not apply to the attribute.
    """
    if key == "extension" and isinstance(expected, str):
        expected = f".{expected.lstrip('.')}" if expected else ""
    return compare(operator, file.attribute(key), expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubCondition:
    """What is asked of one attribute of a file; `key` is the attribute."""

    key: str
    comparison_operator: ComparisonOperator
    value: JsonValue = None

    def holds(self, files: Sequence[FileReference], expected: JsonValue, *, every: bool) -> bool:
        """Whether some file has such an attribute, or every one."""
        operator = self.comparison_operator
        answers = (attribute_is(file, self.key, operator, expected) for file in files)
        every = every or operator.is_negative
        return all(answers) if every else any(answers)

    def faults(self, field: str) -> Iterator[ConfigFault]:
        """What keeps the condition from being asked of any file."""
        if self.key not in FILE_ATTRIBUTES:
            yield ConfigFault(
                code="condition_key_unknown",
                field=f"{field}.key",
                message=f"A file has no {self.key}; use one of {', '.join(FILE_ATTRIBUTES)}.",
            )
        yield from value_faults(self.comparison_operator, self.value, f"{field}.value")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubConditionGroup:
    """What is asked of the attributes of the files in a list."""

    logical_operator: LogicalOperator = LogicalOperator.AND
    conditions: tuple[SubCondition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A question about one value of the run.

    References in `value` are replaced before it is compared. `sub_variable_condition` belongs to a
    list of files: it *contains* one when each of its conditions is true of some file, *not
    contains* denies that, *all of* wants them to be true of every file.
    """

    variable_selector: Selector
    comparison_operator: ComparisonOperator
    value: JsonValue = None
    sub_variable_condition: SubConditionGroup | None = None

    def holds(self, pool: VariablePool) -> bool:
        """Whether the value is as asked for.

        Raises:
            VariableMissing: there is no such value, and it is not asked whether there is.
            ConditionUndecidable: the value is of a type that the operator does not apply to.
        """
        operator = self.comparison_operator
        try:
            if operator.asks_for_presence:
                return compare(operator, self._value_or_null(pool))
            actual = pool.get(self.variable_selector)
            if operator in OF_FILES and (files := _files_in(actual)) is not None:
                return self._holds_of(files, pool)
            return compare(operator, actual, expanded(self.value, pool))
        except Incomparable as error:
            raise ConditionUndecidable(
                selector=str(self.variable_selector), operator=operator.value, reason=error.reason
            ) from None

    def references(self, field: str) -> Iterator[Reference]:
        """The values that the condition needs."""
        operator = self.comparison_operator
        yield Reference(
            self.variable_selector,
            f"{field}.variable_selector",
            accepts=_ACCEPTED.get(operator, _ANYTHING),
            optional=operator.asks_for_presence,
        )
        if operator.asks_for_presence:
            return
        for selector in selectors_in(self.value):
            yield Reference(selector, f"{field}.value", accepts=_ANYTHING)
        if self.sub_variable_condition is not None:
            for index, sub in enumerate(self.sub_variable_condition.conditions):
                for selector in selectors_in(sub.value):
                    sub_field = f"{field}.sub_variable_condition.conditions.{index}.value"
                    yield Reference(selector, sub_field, accepts=_ANYTHING)

    def faults(self, field: str) -> Iterator[ConfigFault]:
        """What keeps the condition from being decided, whatever the values are."""
        group = self.sub_variable_condition
        if group is None:
            yield from value_faults(self.comparison_operator, self.value, f"{field}.value")
            return
        if self.comparison_operator not in OF_FILES:
            yield ConfigFault(
                code="condition_of_files_unexpected",
                field=f"{field}.sub_variable_condition",
                message="Only contains, not contains and all of look at the attributes of files; "
                "use one of them, or leave sub_variable_condition out.",
            )
        if not group.conditions:
            yield ConfigFault(
                code="condition_missing",
                field=f"{field}.sub_variable_condition.conditions",
                message="Say what is asked of the files: add at least one condition.",
            )
        for index, sub in enumerate(group.conditions):
            yield from sub.faults(f"{field}.sub_variable_condition.conditions.{index}")

    def _value_or_null(self, pool: VariablePool) -> JsonValue:
        try:
            return pool.get(self.variable_selector)
        except VariableMissing:
            return None

    def _holds_of(self, files: Sequence[FileReference], pool: VariablePool) -> bool:
        group = self.sub_variable_condition
        if group is None:
            raise Incomparable("a list of files needs a sub_variable_condition")
        operator = self.comparison_operator
        found = group.logical_operator.over(
            sub.holds(
                files,
                expanded(sub.value, pool),
                every=operator is ComparisonOperator.ALL_OF,
            )
            for sub in group.conditions
        )
        return found is not (operator is ComparisonOperator.NOT_CONTAINS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionGroup:
    """Conditions of which all or any must hold; without any, nothing does."""

    logical_operator: LogicalOperator = LogicalOperator.AND
    conditions: tuple[Condition, ...] = ()

    def holds(self, pool: VariablePool) -> bool:
        """Whether the group is true; conditions that can change nothing any more are not asked.

        Raises:
            VariableMissing: a condition asks for a value that is not there.
            ConditionUndecidable: a value is of a type that its operator does not apply to.
        """
        return bool(self.conditions) and self.logical_operator.over(
            condition.holds(pool) for condition in self.conditions
        )

    def references(self, field: str) -> Iterator[Reference]:
        """The values that the conditions need; `field` is where they are kept."""
        for index, condition in enumerate(self.conditions):
            yield from condition.references(f"{field}.{index}")

    def faults(self, field: str) -> Iterator[ConfigFault]:
        """What keeps the conditions from being decided; `field` is where they are kept."""
        for index, condition in enumerate(self.conditions):
            yield from condition.faults(f"{field}.{index}")


def _files_in(value: JsonValue) -> Sequence[FileReference] | None:
    """The files of a list that holds nothing else."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    files = [file for item in value if (file := FileReference.from_json(item)) is not None]
    return files if files and len(files) == len(value) else None
