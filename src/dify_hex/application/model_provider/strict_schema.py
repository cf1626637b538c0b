"""Which JSON Schemas a provider can promise to keep to the letter."""

from collections.abc import Mapping, Sequence

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue


def is_strict(schema: JsonObject) -> bool:
    """Whether every object in the schema names all its properties and allows no others.

    Providers refuse to be strict about anything else.
    """
    return all(_is_closed(part) for part in _parts(schema))


def _is_closed(schema: JsonObject) -> bool:
    if schema.get("type") != "object" and "properties" not in schema:
        return True
    properties, required = schema.get("properties", {}), schema.get("required", [])
    return (
        schema.get("additionalProperties") is False
        and isinstance(properties, Mapping)
        and isinstance(required, Sequence)
        and set(properties) == set(required)
    )


def _parts(schema: JsonObject) -> list[JsonObject]:
    parts: list[JsonObject] = []
    pending: list[JsonValue] = [schema]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            parts.append(value)
            pending += value.values()
        elif isinstance(value, Sequence) and not isinstance(value, str):
            pending += value
    return parts
