"""Which schemas a provider can keep to the letter."""

import pytest

from dify_hex.application.model_provider.strict_schema import is_strict
from dify_hex.domain.shared.values.json_value import JsonObject

TEXT: JsonObject = {"type": "string"}


def closed(**properties: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (closed(a=TEXT), True),
        (closed(a=closed(b=TEXT)), True),
        (closed(a={"type": "array", "items": closed(b=TEXT)}), True),
        ({"type": "object"}, False),
        ({**closed(a=TEXT), "required": []}, False),
        ({**closed(a=TEXT), "additionalProperties": True}, False),
        ({**closed(a=TEXT), "properties": 3}, False),
        ({**closed(a=TEXT), "required": 3}, False),
        (closed(a={"properties": {}}), False),
        (closed(a={"anyOf": [TEXT, {"type": "object"}]}), False),
        ({"properties": {"type": TEXT}}, False),
    ],
)
def test_every_object_has_to_be_closed(schema: JsonObject, strict: bool) -> None:
    assert is_strict(schema) is strict
