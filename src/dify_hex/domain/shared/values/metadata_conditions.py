"""Which documents count, by what is known of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dify_hex.domain.shared.values.fault import Fault
from dify_hex.domain.shared.values.logical_operator import LogicalOperator

MAX_CONDITIONS = 50

#: What an entry is compared with; several where it is to be one of them.
MetadataOperand = str | int | float | bool | tuple[str | int | float, ...] | None


class MetadataOperator(StrEnum):
    """How a document's metadata are compared."""

    CONTAINS = "contains"
    NOT_CONTAINS = "not contains"
    START_WITH = "start with"
    END_WITH = "end with"
    IS = "is"
    IS_NOT = "is not"
    EMPTY = "empty"
    NOT_EMPTY = "not empty"
    IN = "in"
    NOT_IN = "not in"
    EQUAL = "="
    NOT_EQUAL = "≠"
    GREATER = ">"
    LESS = "<"
    AT_LEAST = "≥"
    AT_MOST = "≤"
    BEFORE = "before"
    AFTER = "after"

    @property
    def takes_value(self) -> bool:
        """Whether it compares with something."""
        return self not in {MetadataOperator.EMPTY, MetadataOperator.NOT_EMPTY}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataCondition:
    """What one entry of a document's metadata must be; a graph replaces references in `value`."""

    name: str
    comparison_operator: MetadataOperator
    value: MetadataOperand = None
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataConditions:
    """Conditions of which all or any must hold."""

    logical_operator: LogicalOperator = LogicalOperator.AND
    conditions: tuple[MetadataCondition, ...] = ()

    def faults(self, path: str) -> Iterator[Fault]:
        """What keeps the conditions from being asked, but for how many there are."""
        for index, condition in enumerate(self.conditions):
            if not condition.name.strip():
                yield Fault(
                    code="name_invalid",
                    path=f"{path}.conditions.{index}.name",
                    message="Name the entry of the metadata that is compared.",
                )
            if condition.value is None and condition.comparison_operator.takes_value:
                yield Fault(
                    code="condition_value_invalid",
                    path=f"{path}.conditions.{index}.value",
                    message="Say what the entry is compared with.",
                )
