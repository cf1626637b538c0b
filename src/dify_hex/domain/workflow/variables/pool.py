"""All values of a run, by the node that made them."""

import json
from collections.abc import Mapping, Sequence

from dify_hex.domain.shared.ids import NodeId
from dify_hex.domain.shared.values.json_value import JsonObject, JsonValue
from dify_hex.domain.workflow.errors import VariableMissing
from dify_hex.domain.workflow.variables.selector import Selector
from dify_hex.domain.workflow.variables.template import Template


class VariablePool:
    """Values under `(node, name)`; a missing one is an error that names its selector."""

    def __init__(self) -> None:
        self._values: dict[NodeId, JsonObject] = {}

    def put(self, node_id: NodeId, values: JsonObject) -> None:
        """Set everything that a node has put out, replacing what it had before."""
        self._values[node_id] = values

    def of(self, node_id: NodeId) -> JsonObject:
        """Every value of one node; empty when it has none."""
        return self._values.get(node_id, {})

    def get(self, selector: Selector) -> JsonValue:
        """The value at the selector.

        Raises:
            VariableMissing: there is no such value; the error names the selector.
        """
        outputs = self.of(selector.node_id)
        if selector.name not in outputs:
            raise VariableMissing(selector=str(selector))
        value = outputs[selector.name]
        for step in selector.path:
            value = _step_into(value, step, selector)
        return value

    def render(self, template: Template) -> str:
        """The template with each reference replaced by its value as text.

        Raises:
            VariableMissing: a reference has no value.
        """
        return "".join(
            as_text(self.get(segment)) if isinstance(segment, Selector) else segment
            for segment in template.segments
        )


def _step_into(value: JsonValue, step: str, selector: Selector) -> JsonValue:
    if isinstance(value, Mapping) and step in value:
        return value[step]
    if isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal():
        index = int(step)
        if index < len(value):
            return value[index]
    raise VariableMissing(selector=str(selector))


def as_text(value: JsonValue) -> str:
    """How a value reads inside a text: nothing for null, JSON for what has structure."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)
