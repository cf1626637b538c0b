"""The smallest body that a schema of our OpenAPI document calls valid."""

from collections.abc import Mapping
from typing import Any

Json = Any

_FORMATS = {
    "uuid": "019aa0f0-0000-7000-8000-00000000dead",
    "date-time": "2099-01-01T00:00:00Z",
    "email": "somebody@example.com",
    "uri": "https://example.com/",
}


def sample_body(operation: Mapping[str, Any], document: Mapping[str, Any]) -> Json | None:
    """A valid body of the operation; None when it takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get("application/json")
    if media is None:
        return None
    if "example" in media:
        return media["example"]
    return sample(media["schema"], document)


def sample(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Json:
    """A valid value: what the schema gives as an example, else as little as it allows."""
    schema = _resolved(schema, document)
    if schema.get("examples"):
        return schema["examples"][0]
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return sample(schema[choice][0], document)
    return _by_type(schema, document)


def _by_type(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Json:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: sample(properties[name], document) for name in schema.get("required", ())}
        case "array":
            return [sample(schema["items"], document) for _ in range(schema.get("minItems", 0))]
        case "string":
            length = max(schema.get("minLength", 1), 1)
            return _FORMATS.get(schema.get("format", ""), "a" * length)
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return False
        case _:
            return None


def _resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema
