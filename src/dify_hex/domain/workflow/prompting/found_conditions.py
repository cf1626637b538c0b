"""Reads what a model says about which documents to search."""

from collections.abc import Mapping, Sequence

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.shared.values.metadata_conditions import (
    MAX_CONDITIONS,
    MetadataCondition,
    MetadataOperator,
)

_OPERATORS = {operator.value: operator for operator in MetadataOperator}


def conditions_schema(names: Sequence[str]) -> JsonObject:
    """The JSON Schema of an answer that names conditions on these entries."""
    condition: JsonObject = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": list(names)},
            "operator": {"type": "string", "enum": list(_OPERATORS)},
            "value": {"type": ["string", "number", "null"]},
        },
        "required": ["name", "operator", "value"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"conditions": {"type": "array", "items": condition}},
        "required": ["conditions"],
        "additionalProperties": False,
    }


def conditions_in(answer: JsonObject | None, names: Sequence[str]) -> tuple[MetadataCondition, ...]:
    """The conditions that can be asked; whatever else the model has said is passed over."""
    written = None if answer is None else answer.get("conditions")
    if isinstance(written, str) or not isinstance(written, Sequence):
        return ()
    found = (_condition(each, names) for each in written)
    return tuple(each for each in found if each is not None)[:MAX_CONDITIONS]


def _condition(written: JsonValue, names: Sequence[str]) -> MetadataCondition | None:
    if not isinstance(written, Mapping):
        return None
    name, value = written.get("name"), written.get("value")
    operator = _OPERATORS.get(str(written.get("operator")))
    if operator is None or not isinstance(name, str) or name not in names:
        return None
    if not operator.takes_value:
        return MetadataCondition(name=name, comparison_operator=operator)
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        return None
    return MetadataCondition(name=name, comparison_operator=operator, value=value)
