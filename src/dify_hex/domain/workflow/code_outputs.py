"""Holds the fields of what code has returned against what is described of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.nodes.code import CodeOutput
from dify_hex.domain.workflow.variables.value_check import is_of_type
from dify_hex.domain.workflow.variables.value_type import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A field, as a path with dots, that is not there or not of the type described."""

    path: str
    expected: ValueType
    is_missing: bool


def first_misfit(outputs: JsonObject, described: Mapping[str, CodeOutput]) -> Misfit | None:
    """The first field below the outputs that is not as described; the outputs themselves are."""
    for name, output in described.items():
        if output.children:
            for path, item in _items(name, outputs[name]):
                found = _misfit_below(path, item, output.children)
                if found is not None:
                    return found
    return None


def _misfit_below(
    path: str, value: JsonObject, described: Mapping[str, CodeOutput]
) -> Misfit | None:
    for name, output in described.items():
        here = f"{path}.{name}"
        if name not in value or not is_of_type(value[name], output.type):
            return Misfit(path=here, expected=output.type, is_missing=name not in value)
        for below, item in _items(here, value[name]) if output.children else ():
            found = _misfit_below(below, item, output.children or {})
            if found is not None:
                return found
    return None


def _items(path: str, value: JsonValue) -> Iterator[tuple[str, JsonObject]]:
    """The object that the value is, or each that is in the list."""
    if isinstance(value, Mapping):
        yield path, value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield f"{path}.{index}", item
