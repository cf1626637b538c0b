"""Makes declared values of what a model has found, and says what is wrong with them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.prompting.extracted_parameter import ExtractedParameter, ParameterType
from dify_hex.domain.workflow.variables.value_type import ValueType

_TRUE = frozenset({"true", "yes", "1", "on"})
_FALSE = frozenset({"false", "no", "0", "off"})
_EMPTY: Mapping[ValueType, JsonValue] = {
    ValueType.STRING: "",
    ValueType.NUMBER: 0,
    ValueType.BOOLEAN: False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """A value for every parameter; `problems` says of which that is only the empty one, and why."""

    values: JsonObject
    problems: tuple[str, ...]


class _Unfit(Exception):
    """A value that cannot be made to fit its type."""


def extraction_of(parameters: Sequence[ExtractedParameter], found: JsonObject) -> Extraction:
    """The declared values; whatever else was found is left out.

    Values that only differ in how they are written are taken: numbers and truth values as text,
    texts that are not quoted, a single value where a list of one is meant.
    """
    values: dict[str, JsonValue] = {}
    problems: list[str] = []
    for parameter in parameters:
        told = found.get(parameter.name)
        values[parameter.name] = empty_value(parameter)
        if told is None:
            if parameter.required:
                problems.append(f"{parameter.name} was not found.")
            continue
        try:
            values[parameter.name] = _fitted(parameter, told)
        except _Unfit as unfit:
            problems.append(f"{parameter.name} {unfit}.")
    return Extraction(values=values, problems=tuple(problems))


def empty_value(parameter: ExtractedParameter) -> JsonValue:
    """What stands for a value that was not found: nothing, of the parameter's type."""
    return _EMPTY.get(parameter.type.output, [])


def _fitted(parameter: ExtractedParameter, told: JsonValue) -> JsonValue:
    output = parameter.type.output
    if output.is_array:
        items = told if isinstance(told, Sequence) and not isinstance(told, str) else [told]
        return [_single(output.item, item) for item in items]
    value = _single(output, told)
    if parameter.type is ParameterType.SELECT and value not in parameter.options:
        raise _Unfit(f"is none of {', '.join(parameter.options)}")
    return value


def _single(wanted: ValueType, told: JsonValue) -> JsonValue:
    match wanted:
        case ValueType.NUMBER:
            return _number(told)
        case ValueType.BOOLEAN:
            return _boolean(told)
        case ValueType.STRING:
            return _string(told)
        case _:
            return _object(told)


def _number(told: JsonValue) -> JsonValue:
    if isinstance(told, str):
        told = _number_in(told.strip())
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise _Unfit("is no number")
    if isinstance(told, float) and not math.isfinite(told):
        raise _Unfit("is no finite number")
    return told


def _number_in(text: str) -> JsonValue:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return None


def _boolean(told: JsonValue) -> JsonValue:
    if isinstance(told, bool):
        return told
    written = str(told).strip().lower() if isinstance(told, str | int) else ""
    if written not in _TRUE | _FALSE:
        raise _Unfit("is neither true nor false")
    return written in _TRUE


def _string(told: JsonValue) -> JsonValue:
    if isinstance(told, str):
        return told
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise _Unfit("is no text")
    return str(told)


def _object(told: JsonValue) -> JsonValue:
    if not isinstance(told, Mapping):
        raise _Unfit("holds something that is no object")
    return told
