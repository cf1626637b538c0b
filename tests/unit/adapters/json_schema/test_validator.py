"""JSON Schema, with a bound on what a schema may cost."""

import pytest

from dify_hex.adapters.json_schema.validator import JsonSchemaValidator
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

VALIDATOR = JsonSchemaValidator()


@pytest.mark.parametrize(
    "schema", [{}, {"type": "object"}, {"$defs": {"a": {}}, "$ref": "#/$defs/a"}]
)
def test_a_schema_can_be_used(schema: JsonObject) -> None:
    assert VALIDATOR.flaw(schema) is None


def test_what_is_no_schema_says_why() -> None:
    assert "'thing' is not valid" in str(VALIDATOR.flaw({"type": "thing"}))


def test_a_schema_may_be_nested_too_deeply() -> None:
    schema: JsonObject = {}
    for _ in range(5000):
        schema = {"not": schema}

    assert VALIDATOR.flaw(schema) == "it is nested too deeply"


@pytest.mark.parametrize(
    ("schema", "value", "misfits"),
    [
        ({"type": "object"}, {}, ()),
        ({"type": "object"}, [], ("The answer: [] is not of type 'object'",)),
        (
            {"properties": {"a": {"items": {"type": "string"}}}},
            {"a": ["x", 1]},
            ("a[1]: 1 is not of type 'string'",),
        ),
        ({"$defs": {"s": {"type": "string"}}, "$ref": "#/$defs/s"}, "x", ()),
        ({"pattern": "(a+)+$"}, "a" * 40 + "!", ()),
        ({"patternProperties": {"(a+)+$": False}}, {"a" * 40 + "!": 1}, ()),
    ],
)
def test_misfits_name_their_place(
    schema: JsonObject, value: JsonValue, misfits: tuple[str, ...]
) -> None:
    assert VALIDATOR.misfits(schema, value) == misfits


def test_only_the_first_misfits_are_told() -> None:
    assert len(VALIDATOR.misfits({"items": {"type": "string"}}, list(range(50)))) == 10


def test_nothing_is_fetched() -> None:
    (misfit,) = VALIDATOR.misfits({"$ref": "http://127.0.0.1:9/schema.json"}, 1)

    assert "refers to what is not in it" in misfit


def test_a_schema_that_multiplies_is_given_up() -> None:
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    schema: JsonObject = {"$defs": {**doubling, "d40": {}}, "$ref": "#/$defs/d0"}

    (misfit,) = VALIDATOR.misfits(schema, 1)

    assert "nested too deeply" in misfit


def test_a_schema_that_refers_to_itself_is_given_up() -> None:
    (misfit,) = VALIDATOR.misfits({"$ref": "#"}, 1)

    assert "nested too deeply" in misfit
