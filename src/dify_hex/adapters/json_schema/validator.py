"""JSON Schema by the `jsonschema` library, kept to what ends in bounded time."""

from collections.abc import Iterator
from contextvars import ContextVar
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

from dify_hex.application.shared.json_schemas import SchemaValidator
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue

#: References followed in one validation: schemas of a few lines can ask for more than any machine.
MAX_STEPS = 10_000
#: Misfits told at a time, and characters of each.
_MAX_MISFITS = 10
_MAX_LENGTH = 300
_NESTED = "it is nested too deeply"
_OUTSIDE = "it refers to what is not in it"

_steps: ContextVar[list[int]] = ContextVar("schema_steps")


class _TooManySteps(Exception):
    """The schema asks for more than a validation is given."""


class JsonSchemaValidator(SchemaValidator):
    """Draft 2020-12, with what a schema means apart from what it costs.

    Nothing is fetched: a reference leads into the schema itself. `pattern` and
    `patternProperties` are annotations here, for a regular expression can take for ever.
    """

    def flaw(self, schema: JsonObject) -> str | None:
        """Why the schema is none."""
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            return str(error.message)[:_MAX_LENGTH]
        except RecursionError:
            return _NESTED
        return None

    def misfits(self, schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
        """Where the value is not as the schema says."""
        _steps.set([MAX_STEPS])
        validator = _Bounded(schema, registry=Registry())
        try:
            errors = list(islice(validator.iter_errors(value), _MAX_MISFITS))
        except Unresolvable:
            return (f"The schema cannot be used: {_OUTSIDE}.",)
        except (RecursionError, _TooManySteps):
            return (f"The schema cannot be used: {_NESTED}.",)
        return tuple(_told(error) for error in errors)


def _told(error: ValidationError) -> str:
    place = error.json_path.removeprefix("$").removeprefix(".")
    return f"{place or 'The answer'}: {error.message[:_MAX_LENGTH]}"


def _counted_reference(
    validator: Any, reference: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    left = _steps.get()
    left[0] -= 1
    if left[0] < 0:
        raise _TooManySteps
    yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema)


def _annotation(*_: Any) -> None:
    """Say nothing against any value."""


_Bounded = extend(
    Draft202012Validator,
    {
        "$ref": _counted_reference,
        "$dynamicRef": _annotation,
        "pattern": _annotation,
        "patternProperties": _annotation,
    },
)
