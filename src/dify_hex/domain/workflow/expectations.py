"""What values are compared with: constants, in which references to other values may stand."""

from collections.abc import Iterator, Sequence

from dify_hex.domain.shared.values.json_value import JsonValue
from dify_hex.domain.workflow.comparisons import (
    EQUALITIES,
    ORDERS,
    WITH_LISTS,
    ComparisonOperator,
    Incomparable,
    as_boolean,
    as_number,
)
from dify_hex.domain.workflow.faults import ConfigFault
from dify_hex.domain.workflow.variables.pool import VariablePool
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template


def expanded(value: JsonValue, pool: VariablePool) -> JsonValue:
    """The value with each reference in its texts replaced.

    Raises:
        VariableMissing: a reference has no value.
    """
    if isinstance(value, str):
        return pool.render(Template.parse(value)) if "{{#" in value else value
    if isinstance(value, Sequence):
        return [expanded(item, pool) for item in value]
    return value


def selectors_in(value: JsonValue) -> Iterator[Selector]:
    """The references in the value's texts."""
    if isinstance(value, str):
        yield from Template.parse(value).selectors
    elif isinstance(value, Sequence):
        for item in value:
            yield from selectors_in(item)


def value_faults(
    operator: ComparisonOperator, value: JsonValue, field: str
) -> Iterator[ConfigFault]:
    """Why an operator could never compare anything with the value."""
    problem = _problem_with(operator, value)
    if problem is not None:
        yield ConfigFault(
            code="condition_value_invalid", field=field, message=f"With {operator}, {problem}."
        )


def _problem_with(operator: ComparisonOperator, value: JsonValue) -> str | None:
    if operator.asks_for_presence:
        return None
    if value is None:
        return "say what the value is compared with"
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if operator in WITH_LISTS:
        return None if is_list else "give a list to compare with"
    if is_list:
        return "give a single value to compare with"
    if operator in EQUALITIES | ORDERS and not any(selectors_in(value)):
        return None if _is_number(value, operator) else "give a number to compare with"
    return None


def _is_number(value: JsonValue, operator: ComparisonOperator) -> bool:
    try:
        as_number(value)
    except Incomparable:
        pass
    else:
        return True
    if operator in ORDERS:
        return False
    try:
        as_boolean(value)
    except Incomparable:
        return False
    return True
