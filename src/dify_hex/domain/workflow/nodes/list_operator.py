"""The list-operator node: filters, picks from, sorts and shortens a list."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from dify_hex.domain.shared.values.file_reference import FILE_ATTRIBUTES, FileReference
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.comparisons import ComparisonOperator, Incomparable, compare
from dify_hex.domain.workflow.conditions import attribute_is
from dify_hex.domain.workflow.errors import ListRefused
from dify_hex.domain.workflow.expectations import expanded, selectors_in, value_faults
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.node_config import NodeConfig
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.reference import Reference
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.value_type import ValueType

#: The lists that can be worked on; one of unknown items is looked at when the node runs.
_LISTS = frozenset({ValueType.STRINGS, ValueType.NUMBERS, ValueType.BOOLEANS, ValueType.FILES})
_UNSUPPORTED = frozenset(
    {
        ComparisonOperator.ALL_OF,
        ComparisonOperator.NULL,
        ComparisonOperator.NOT_NULL,
        ComparisonOperator.EXISTS,
        ComparisonOperator.NOT_EXISTS,
    }
)


class Direction(StrEnum):
    """Whether the smallest or the largest comes first."""

    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCondition:
    """What is asked of each item, or of its attribute `key` where the items are files."""

    key: str = ""
    comparison_operator: ComparisonOperator
    value: JsonValue = None

    def holds(self, item: JsonValue, expected: JsonValue) -> bool:
        """Whether the item stays.

        Raises:
            Incomparable: the operator does not apply to the item.
        """
        file = FileReference.from_json(item)
        if file is None:
            return compare(self.comparison_operator, item, expected)
        return attribute_is(file, _attribute(self.key), self.comparison_operator, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterBy:
    """Items stay of which all conditions are true."""

    enabled: bool = False
    conditions: tuple[FilterCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractBy:
    """One item stays: the one at the position `serial`, counted from 1, or what that refers to."""

    enabled: bool = False
    serial: str = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBy:
    """Items are sorted, files by their attribute `key`; equal ones keep their order."""

    enabled: bool = False
    key: str = ""
    value: Direction = Direction.ASC


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The first `size` items stay."""

    enabled: bool = False
    size: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOperatorConfig(NodeConfig):
    """The list, and what is done to it: filter, then extract, then order, then limit."""

    type: ClassVar[str] = "list-operator"
    schema_version: ClassVar[int] = 1
    pure: ClassVar[bool] = True

    variable: Selector
    var_type: ValueType = ValueType.ARRAY
    filter_by: FilterBy = field(default_factory=FilterBy)
    extract_by: ExtractBy = field(default_factory=ExtractBy)
    order_by: OrderBy = field(default_factory=OrderBy)
    limit: Limit = field(default_factory=Limit)

    def operate(self, pool: VariablePool) -> JsonObject:
        """The list that results, its first and its last item; null where it has none.

        Raises:
            VariableMissing: the list, or a value that its items are compared with, is not there.
            ListRefused: it is no list, or its items are of a type that this is not made for.
        """
        try:
            items = self._result(_items(pool.get(self.variable)), pool)
        except Incomparable as error:
            raise ListRefused(selector=str(self.variable), reason=error.reason) from None
        return {
            "result": items,
            "first_record": items[0] if items else None,
            "last_record": items[-1] if items else None,
        }

    def outputs(self) -> Mapping[str, ValueType]:
        """The list that results, its first and its last item."""
        item = self.var_type.item
        return {"result": self.var_type, "first_record": item, "last_record": item}

    def references(self) -> Iterable[Reference]:
        """The list, and what its items are compared with."""
        of_unknown = self.var_type is ValueType.ARRAY
        accepts = _LISTS if of_unknown else frozenset({self.var_type})
        yield Reference(self.variable, "variable", accepts=accepts)
        if self.filter_by.enabled:
            for index, condition in enumerate(self.filter_by.conditions):
                for selector in selectors_in(condition.value):
                    yield Reference(selector, f"filter_by.conditions.{index}.value")
        if self.extract_by.enabled:
            for selector in selectors_in(self.extract_by.serial):
                yield Reference(selector, "extract_by.serial")

    def faults(self) -> Iterable[ConfigFault]:
        """What of the steps that are enabled could never be done."""
        if self.var_type not in _LISTS | {ValueType.ARRAY}:
            yield ConfigFault(
                code="list_type_unsupported",
                field="var_type",
                message="Use a list of texts, numbers, truth values or files, not "
                f"{self.var_type}.",
            )
        if self.filter_by.enabled:
            yield from self._filter_faults()
        serial = self.extract_by.serial
        if self.extract_by.enabled and not any(selectors_in(serial)) and _position(serial) is None:
            yield ConfigFault(
                code="number_out_of_range",
                field="extract_by.serial",
                message="Give the position of the item as a whole number from 1.",
            )
        if self.order_by.enabled:
            yield from self._key_faults(self.order_by.key, "order_by.key")
        if self.limit.enabled and self.limit.size < 1:
            yield ConfigFault(
                code="number_out_of_range",
                field="limit.size",
                message="Let at least 1 item stay.",
            )

    def _result(self, items: Sequence[JsonValue], pool: VariablePool) -> Sequence[JsonValue]:
        if self.filter_by.enabled:
            for condition in self.filter_by.conditions:
                expected = expanded(condition.value, pool)
                items = [item for item in items if condition.holds(item, expected)]
        if self.extract_by.enabled:
            items = [_at(items, expanded(self.extract_by.serial, pool))]
        if self.order_by.enabled:
            items = _sorted(items, self.order_by)
        if self.limit.enabled:
            items = items[: self.limit.size]
        return items

    def _filter_faults(self) -> Iterator[ConfigFault]:
        conditions = self.filter_by.conditions
        if not conditions:
            yield ConfigFault(
                code="condition_missing",
                field="filter_by.conditions",
                message="Say which items stay: add a condition, or disable the filter.",
            )
        for index, condition in enumerate(conditions):
            place = f"filter_by.conditions.{index}"
            operator = condition.comparison_operator
            if operator in _UNSUPPORTED:
                yield ConfigFault(
                    code="condition_operator_unsupported",
                    field=f"{place}.comparison_operator",
                    message=f"A list cannot be filtered by {operator}; use another operator.",
                )
                continue
            yield from self._key_faults(condition.key, f"{place}.key")
            yield from value_faults(operator, condition.value, f"{place}.value")

    def _key_faults(self, key: str, place: str) -> Iterator[ConfigFault]:
        if self.var_type is ValueType.FILES and key not in FILE_ATTRIBUTES:
            yield ConfigFault(
                code="condition_key_unknown",
                field=place,
                message=f"Name an attribute of files: one of {', '.join(FILE_ATTRIBUTES)}.",
            )


def _items(value: JsonValue) -> Sequence[JsonValue]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Incomparable("it is no list")
    for item in value:
        if not isinstance(item, str | int | float) and FileReference.from_json(item) is None:
            raise Incomparable("it holds more than texts, numbers, truth values and files")
    return value


def _attribute(key: str) -> str:
    if key not in FILE_ATTRIBUTES:
        raise Incomparable(f"a file has no attribute {key}")
    return key


def _position(serial: JsonValue) -> int | None:
    """The position as a number from 1; None when it is none."""
    try:
        position = int(str(serial))
    except ValueError:
        return None
    return position if position >= 1 else None


def _at(items: Sequence[JsonValue], serial: JsonValue) -> JsonValue:
    position = _position(serial)
    if position is None or position > len(items):
        raise Incomparable(f"the position must be a whole number from 1 to {len(items)}")
    return items[position - 1]


def _sorted(items: Sequence[JsonValue], order: OrderBy) -> Sequence[JsonValue]:
    try:
        return sorted(
            items,
            key=lambda item: _rank(item, order.key),
            reverse=order.value is Direction.DESC,
        )
    except TypeError:
        raise Incomparable("its items are of different types and have no order") from None


def _rank(item: JsonValue, key: str) -> tuple[bool, str | float]:
    """What an item is sorted by; what is not known counts as smallest."""
    file = FileReference.from_json(item)
    value = item if file is None else file.attribute(_attribute(key))
    return (True, value) if isinstance(value, str | int | float) else (False, 0)
