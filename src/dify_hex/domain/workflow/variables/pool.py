"""The values that a node can see, by the node that made them."""

import json
from collections.abc import Mapping, Sequence

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.file_reference import (
    FILE_ATTRIBUTES,
    FileKind,
    FileReference,
)
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import NodeOutputTooLong, VariableMissing
from dify_hex.domain.workflow.variables.measure import MAX_TEXT
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template


class VariablePool:
    """Values under `(node, name)`; a missing one is an error that names its selector.

    An inner pool sees what the outer one holds and keeps its own values to itself; opening one
    copies nothing.
    """

    __slots__ = ("_outer", "_values")

    def __init__(self, outer: "VariablePool | None" = None) -> None:
        self._values: dict[NodeId, JsonObject] = {}
        self._outer = outer

    def inner(self) -> "VariablePool":
        """A pool for one round of a container."""
        return VariablePool(self)

    def put(self, node_id: NodeId, values: JsonObject) -> None:
        """Set everything that a node has put out, replacing what it had before."""
        self._values[node_id] = values

    def of(self, node_id: NodeId) -> JsonObject:
        """Every value of one node, of the innermost pool that has any; empty when none has."""
        values = self._values.get(node_id)
        if values is not None:
            return values
        return {} if self._outer is None else self._outer.of(node_id)

    def assign(self, selector: Selector, value: JsonValue) -> None:
        """Give a variable that exists another value, where it is kept.

        Raises:
            VariableMissing: there is no such variable.
        """
        values = self._values.get(selector.node_id)
        if values is not None and selector.name in values:
            self._values[selector.node_id] = {**values, selector.name: value}
        elif self._outer is not None:
            self._outer.assign(selector, value)
        else:
            raise VariableMissing(selector=str(selector))

    def has(self, selector: Selector) -> bool:
        """Whether there is a value at the selector."""
        try:
            self.get(selector)
        except VariableMissing:
            return False
        return True

    def get(self, selector: Selector) -> JsonValue:
        """The value at the selector.

        Raises:
            VariableMissing: there is no such value; the error names the selector.
        """
        values = self._values.get(selector.node_id)
        if values is not None and selector.name in values:
            value = values[selector.name]
            for step in selector.path:
                value = _step_into(value, step, selector)
            return value
        if self._outer is None:
            raise VariableMissing(selector=str(selector))
        return self._outer.get(selector)

    def render(self, template: Template) -> str:
        """The template with each reference replaced by its value as text.

        Raises:
            VariableMissing: a reference has no value.
            NodeOutputTooLong: the text would be longer than any may be.
        """
        pieces: list[str] = []
        length = 0
        for segment in template.segments:
            piece = as_text(self.get(segment)) if isinstance(segment, Selector) else segment
            length += len(piece)
            if length > MAX_TEXT:
                raise NodeOutputTooLong(limit=MAX_TEXT)
            pieces.append(piece)
        return "".join(pieces)


def _step_into(value: JsonValue, step: str, selector: Selector) -> JsonValue:
    if isinstance(value, Mapping):
        if step in value:
            return value[step]
        file = FileReference.from_json(value)
        if file is not None and step in FILE_ATTRIBUTES:
            return file.attribute(step)
    if isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal():
        index = int(step)
        if index < len(value):
            return value[index]
    raise VariableMissing(selector=str(selector))


def as_text(value: JsonValue) -> str:
    """How a value reads inside a text: nothing for null, a link for a file, else JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Mapping) and (file := FileReference.from_json(value)) is not None:
        return _as_markdown(file)
    return json.dumps(value, ensure_ascii=False)


def _as_markdown(file: FileReference) -> str:
    if file.url is None:
        return file.name
    shown = "!" if file.type is FileKind.IMAGE else ""
    return f"{shown}[{file.name}]({file.url})"
